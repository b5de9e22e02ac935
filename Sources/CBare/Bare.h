// What the C files of this target share.
#pragma once

#include <sqlite3.h>

/// Monotonic seconds.
double bare_seconds(void);
/// Opens a database as the projector does; NULL if it cannot be opened.
sqlite3 *bare_open(const char *path);
/// A prepared statement; NULL if it cannot be prepared.
sqlite3_stmt *bare_prepare(sqlite3 *database, const char *sql);
/// Runs a statement to its end and resets it. 0 is success.
int bare_run(sqlite3_stmt *statement);
