// What the benchmarks are measured against: the same durable writes and the same requests in plain C, with prepared
// statements, bound pointers and nothing else. Each function prints why it failed to stderr.
#pragma once

#include <stddef.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// What the work took: seconds of the clock (-1 where it failed) and of the processor, in the calling thread.
typedef struct {
    double seconds;
    double processor;
} cbare_cost;

/// Inserts events into the intake of a migrated database, WAL and synchronous=FULL, `rows` of them in a transaction.
/// Opening the file and preparing statements is not counted.
cbare_cost cbare_append(
    const char *path, const char *type, const char *_Nonnull const *_Nonnull payloads, size_t count, size_t rows);

/// A table of `cbare_copy`. The first column of `select` is the position to which a row belongs, ascending; the others
/// are the parameters of `insert`.
typedef struct {
    const char *select;
    const char *insert;
} cbare_table;

/// Writes the rows of one database into another that holds the same intake: `events` positions in a transaction, from
/// `first` to `last`, and deletes as many rows of the intake, oldest first. Reading the rows is not counted.
cbare_cost cbare_copy(
    const char *source, const char *target, const cbare_table *tables, size_t count, long first, long last,
    long events);

/// Reads all rows of the statements, one statement after the other, and touches every column.
cbare_cost cbare_scan(const char *path, const char *_Nonnull const *_Nonnull statements, size_t count);

/// Runs COPY statements on a PostgreSQL server, one after the other, and throws away what they put out. Connecting is
/// not counted, nor is the server's processor time.
cbare_cost cbare_copy_out(
    const char *connection, const char *_Nonnull const *_Nonnull statements, size_t count);

/// Sends `count` POSTs of the same bytes over kept connections with libcurl's multi handle, `handles` at a time.
/// Answers other than 201 are a failure.
cbare_cost cbare_post(
    const char *url, const char *_Nonnull const *_Nonnull headers, size_t header_count, const void *body,
    size_t length, size_t handles, size_t count);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
