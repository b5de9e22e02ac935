// What Swift cannot call in SQLite: its settings are given to a variadic function.
#ifndef CSQLITE_H
#define CSQLITE_H

/// sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0): SQLite keeps no count of its memory, and takes no lock for it at each
/// allocation. For the whole process, and only before SQLite is used for the first time; returns SQLite's result code.
int csqlite_stop_counting_memory(void);

#endif
