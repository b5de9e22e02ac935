// Reading from a server without looking: the rows of COPY statements, thrown away as they come.
#include "Bare.h"

#include <libpq-fe.h>
#include <stdio.h>

/// Takes what a statement puts out. 0 is success.
static int drain(PGconn *server, const char *sql) {
    PGresult *result = PQexec(server, sql);
    int failed = PQresultStatus(result) != PGRES_COPY_OUT;
    PQclear(result);
    int length = 0;
    while (!failed) {
        char *row = NULL;
        length = PQgetCopyData(server, &row, 0);
        if (length < 0) break;
        PQfreemem(row);
    }
    // -1 is the end; whether all went well says the result behind it.
    while (!failed && (result = PQgetResult(server))) {
        failed = length != -1 || PQresultStatus(result) != PGRES_COMMAND_OK;
        PQclear(result);
    }
    if (failed) fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(server));
    return failed ? -1 : 0;
}

cbare_cost cbare_copy_out(const char *connection, const char *const *statements, size_t count) {
    PGconn *server = PQconnectdb(connection);
    int failed = PQstatus(server) != CONNECTION_OK;
    // An error's words may hold the whole connection string, and a password in it.
    if (failed) fprintf(stderr, "the server cannot be reached\n");
    cbare_cost cost = {0, 0};
    cbare_cost start = bare_clocks();
    for (size_t index = 0; !failed && index < count; index++) failed = drain(server, statements[index]);
    bare_add(&cost, start);
    PQfinish(server);
    return bare_result(cost, failed);
}
