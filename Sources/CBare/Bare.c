// Opening, preparing and running, with one line on stderr where something fails.
#include "Bare.h"

#include <stdio.h>
#include <time.h>

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

cbare_cost bare_clocks(void) {
    return (cbare_cost){seconds(CLOCK_MONOTONIC), seconds(CLOCK_THREAD_CPUTIME_ID)};
}

void bare_add(cbare_cost *cost, cbare_cost start) {
    cbare_cost now = bare_clocks();
    cost->seconds += now.seconds - start.seconds;
    cost->processor += now.processor - start.processor;
}

cbare_cost bare_result(cbare_cost cost, int failed) {
    return failed ? (cbare_cost){-1, 0} : cost;
}

sqlite3 *bare_open(const char *path) {
    sqlite3 *database = NULL;
    static const char settings[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768;"
        "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON";
    if (sqlite3_open(path, &database) == SQLITE_OK && sqlite3_exec(database, settings, NULL, NULL, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(database, 5000);
        return database;
    }
    fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(database));
    sqlite3_close(database);
    return NULL;
}

sqlite3_stmt *bare_prepare(sqlite3 *database, const char *sql) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(database));
    return statement;
}

int bare_run(sqlite3_stmt *statement) {
    int code;
    do code = sqlite3_step(statement);
    while (code == SQLITE_ROW);
    sqlite3_reset(statement);
    if (code == SQLITE_DONE) return 0;
    fprintf(stderr, "%s: %s\n", sqlite3_sql(statement), sqlite3_errmsg(sqlite3_db_handle(statement)));
    return -1;
}
