// The application's INSERT as C would do it.
#include "Bare.h"

#include <string.h>

static int insert_all(
    sqlite3 *database, const char *type, const char *const *payloads, size_t count, size_t rows, cbare_cost *cost
) {
    sqlite3_stmt *begin = bare_prepare(database, "BEGIN IMMEDIATE");
    sqlite3_stmt *commit = bare_prepare(database, "COMMIT");
    sqlite3_stmt *insert = bare_prepare(database, "INSERT INTO outbox (event_type, payload) VALUES (?, ?)");
    int failed = !begin || !commit || !insert;
    cbare_cost start = bare_clocks();
    for (size_t done = 0; !failed && done < count;) {
        failed = bare_run(begin);
        for (size_t row = 0; !failed && row < rows && done < count; row++, done++) {
            sqlite3_bind_text(insert, 1, type, (int)strlen(type), SQLITE_STATIC);
            sqlite3_bind_text(insert, 2, payloads[done], (int)strlen(payloads[done]), SQLITE_STATIC);
            failed = bare_run(insert);
        }
        failed = failed || bare_run(commit);
    }
    bare_add(cost, start);
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_finalize(insert);
    return failed;
}

cbare_cost cbare_append(const char *path, const char *type, const char *const *payloads, size_t count, size_t rows) {
    sqlite3 *database = bare_open(path);
    if (!database) return bare_result((cbare_cost){0, 0}, 1);
    cbare_cost cost = {0, 0};
    int failed = insert_all(database, type, payloads, count, rows, &cost);
    sqlite3_close(database);
    return bare_result(cost, failed);
}
