// Finding commands by id and by recipient. An index would take every command at a random place: at a million
// commands that is most of what the projector does. Entries are written for many commands at once instead,
// sorted, at the end of `outbox_lookup`: a run. A search asks each run, and reads what came after the last.
import SendonceCore
import SendonceStore

enum CommandLookup {
    /// Commands of a run, and the most that a search reads one by one. A search asks about a hundred runs for
    /// each million commands, at some microseconds each.
    static let runLength: Int64 = 10_000

    /// The numbers of commands that may belong to the term `?1`. Whoever uses them compares the command.
    static let candidatesSQL = """
        SELECT l.command FROM outbox_run r CROSS JOIN outbox_lookup l ON l.run = r.first WHERE l.term = ?1
        UNION ALL
        SELECT number FROM outbox_command
            WHERE number > (SELECT coalesce(max(last), 0) FROM outbox_run) AND (id = ?1 OR recipient = ?1)
        """

    fileprivate static let numberSQL =
        "SELECT number FROM outbox_command WHERE id = ?1 AND number IN (\(candidatesSQL))"
    fileprivate static let entriesSQL = """
        INSERT INTO outbox_lookup (run, term, command)
        SELECT ?1, term, number FROM (
            SELECT id AS term, number FROM outbox_command WHERE number BETWEEN ?1 AND ?2
            UNION ALL
            SELECT recipient, number FROM outbox_command WHERE number BETWEEN ?1 AND ?2
        ) ORDER BY term, number
        """
}

extension Session {
    /// Writes a run if enough commands have come since the last one. Within the transaction that emitted the
    /// command with the number `last`.
    func writeRun(upTo last: Int64) throws(StoreError) {
        let end = try first("SELECT max(last) FROM outbox_run") { $0.integerIfAny(0) } ?? nil
        let start = (end ?? 0) + 1
        guard last - start + 1 >= CommandLookup.runLength else { return }
        for sql in [
            CommandLookup.entriesSQL, "INSERT INTO outbox_run (first, last) VALUES (?, ?)",
        ] {
            try run(sql) {
                $0.add(start)
                $0.add(last)
            }
        }
    }

    func number(of id: CommandID) throws(StoreError) -> Int64? {
        try first(CommandLookup.numberSQL) {
            $0.add(id.description)
        } read: {
            $0.integer(0)
        }
    }
}
