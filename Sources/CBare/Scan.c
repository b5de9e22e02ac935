// Reading without deciding: every row of a statement, every column touched.
#include "Bare.h"

#include <stdint.h>
#include <stdio.h>

/// Adds up one byte of each value, so that no value is left unread.
static uint64_t touch(sqlite3_stmt *statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: return (uint64_t)sqlite3_column_int64(statement, column);
    case SQLITE_NULL: return 0;
    default: {
        const unsigned char *bytes = sqlite3_column_blob(statement, column);
        int count = sqlite3_column_bytes(statement, column);
        return count > 0 ? bytes[count - 1] : 0;
    }
    }
}

static int scan(sqlite3 *database, const char *sql, uint64_t *sum) {
    sqlite3_stmt *statement = bare_prepare(database, sql);
    if (!statement) return -1;
    int columns = sqlite3_column_count(statement);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        for (int column = 0; column < columns; column++) *sum += touch(statement, column);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

cbare_cost cbare_scan(const char *path, const char *const *statements, size_t count) {
    sqlite3 *database = bare_open(path);
    uint64_t sum = 0;
    cbare_cost cost = {0, 0};
    cbare_cost start = bare_clocks();
    int failed = !database;
    for (size_t index = 0; !failed && index < count; index++) failed = scan(database, statements[index], &sum);
    bare_add(&cost, start);
    sqlite3_close(database);
    // Printed nowhere, but the compiler cannot know that it is never this number.
    if (sum == UINT64_MAX) fprintf(stderr, "%s\n", path);
    return bare_result(cost, failed);
}
