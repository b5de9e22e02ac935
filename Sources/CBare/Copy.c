// The projector's writes without the projector: rows that were projected before, read into memory batch by batch and
// written to a second database by the same statements.
#include "Bare.h"

#include <stdio.h>
#include <stdlib.h>

enum { most_columns = 24 };

/// One table: a cursor over the source, the rows of the batch, the insert into the target.
typedef struct {
    sqlite3_stmt *select;
    sqlite3_stmt *insert;
    int columns;
    int is_at_row;
    sqlite3_value **values;
    size_t used;
    size_t room;
} lane;

static int open_lane(lane *lane, const cbare_table *table, sqlite3 *source, sqlite3 *target) {
    lane->select = bare_prepare(source, table->select);
    lane->insert = bare_prepare(target, table->insert);
    if (!lane->select || !lane->insert) return -1;
    lane->columns = sqlite3_column_count(lane->select) - 1;
    if (lane->columns != sqlite3_bind_parameter_count(lane->insert) || lane->columns > most_columns) return -1;
    lane->is_at_row = sqlite3_step(lane->select) == SQLITE_ROW;
    return 0;
}

static void forget_rows(lane *lane) {
    for (size_t index = 0; index < lane->used; index++) sqlite3_value_free(lane->values[index]);
    lane->used = 0;
}

static void close_lane(lane *lane) {
    forget_rows(lane);
    free(lane->values);
    sqlite3_finalize(lane->select);
    sqlite3_finalize(lane->insert);
}

/// Copies the rows up to a position into memory. Rows before the first wanted one are dropped.
static int read_rows(lane *lane, long first, long last) {
    forget_rows(lane);
    while (lane->is_at_row && sqlite3_column_int64(lane->select, 0) <= last) {
        for (int column = 0; sqlite3_column_int64(lane->select, 0) >= first && column < lane->columns; column++) {
            if (lane->used == lane->room) {
                size_t room = lane->room ? lane->room * 2 : 4096;
                sqlite3_value **values = realloc(lane->values, room * sizeof *values);
                if (!values) return -1;
                lane->values = values;
                lane->room = room;
            }
            lane->values[lane->used] = sqlite3_value_dup(sqlite3_column_value(lane->select, column + 1));
            if (!lane->values[lane->used++]) return -1;
        }
        lane->is_at_row = sqlite3_step(lane->select) == SQLITE_ROW;
    }
    return 0;
}

static void bind(sqlite3_stmt *insert, int place, sqlite3_value *value) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: sqlite3_bind_int64(insert, place, sqlite3_value_int64(value)); break;
    case SQLITE_TEXT:
        sqlite3_bind_text(
            insert, place, (const char *)sqlite3_value_text(value), sqlite3_value_bytes(value), SQLITE_STATIC);
        break;
    case SQLITE_BLOB:
        sqlite3_bind_blob(insert, place, sqlite3_value_blob(value), sqlite3_value_bytes(value), SQLITE_STATIC);
        break;
    default: sqlite3_bind_null(insert, place);
    }
}

static int write_rows(lane *lane) {
    for (size_t row = 0; row < lane->used; row += (size_t)lane->columns) {
        for (int column = 0; column < lane->columns; column++)
            bind(lane->insert, column + 1, lane->values[row + (size_t)column]);
        if (bare_run(lane->insert)) return -1;
    }
    return 0;
}

static int copy_batches(
    sqlite3 *target, lane *lanes, size_t count, long first, long last, long events, cbare_cost *cost
) {
    sqlite3_stmt *begin = bare_prepare(target, "BEGIN IMMEDIATE");
    sqlite3_stmt *commit = bare_prepare(target, "COMMIT");
    sqlite3_stmt *delete = bare_prepare(
        target, "DELETE FROM outbox WHERE seq BETWEEN (SELECT min(seq) FROM outbox) AND "
                "(SELECT min(seq) FROM outbox) + ? - 1");
    int failed = !begin || !commit || !delete;
    for (long from = first; !failed && from <= last; from += events) {
        long to = from + events - 1 < last ? from + events - 1 : last;
        for (size_t index = 0; !failed && index < count; index++) failed = read_rows(&lanes[index], from, to);
        cbare_cost start = bare_clocks();
        failed = failed || bare_run(begin);
        for (size_t index = 0; !failed && index < count; index++) failed = write_rows(&lanes[index]);
        if (!failed) {
            sqlite3_bind_int64(delete, 1, to - from + 1);
            failed = bare_run(delete);
        }
        failed = failed || bare_run(commit);
        bare_add(cost, start);
    }
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_finalize(delete);
    return failed;
}

cbare_cost cbare_copy(
    const char *source, const char *target, const cbare_table *tables, size_t count, long first, long last,
    long events
) {
    sqlite3 *from = bare_open(source);
    sqlite3 *to = bare_open(target);
    lane *lanes = calloc(count, sizeof *lanes);
    int failed = !from || !to || !lanes;
    // As the projector has it; an application has SQLite's default.
    failed = failed || sqlite3_exec(to, "PRAGMA wal_autocheckpoint = 10000", NULL, NULL, NULL) != SQLITE_OK;
    cbare_cost cost = {0, 0};
    for (size_t index = 0; !failed && index < count; index++)
        failed = open_lane(&lanes[index], &tables[index], from, to);
    failed = failed || copy_batches(to, lanes, count, first, last, events, &cost);
    for (size_t index = 0; lanes && index < count; index++) close_lane(&lanes[index]);
    free(lanes);
    sqlite3_close(from);
    sqlite3_close(to);
    return bare_result(cost, failed);
}
