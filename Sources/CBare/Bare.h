// What the C files of this target share.
#pragma once

#include "CBare.h"

#include <sqlite3.h>

/// Both clocks as they stand.
cbare_cost bare_clocks(void);
/// Adds what passed since `start`.
void bare_add(cbare_cost *cost, cbare_cost start);
/// The cost, or a failure.
cbare_cost bare_result(cbare_cost cost, int failed);
/// Opens a database as the projector does; NULL if it cannot be opened.
sqlite3 *bare_open(const char *path);
/// A prepared statement; NULL if it cannot be prepared.
sqlite3_stmt *bare_prepare(sqlite3 *database, const char *sql);
/// Runs a statement to its end and resets it. 0 is success.
int bare_run(sqlite3_stmt *statement);
