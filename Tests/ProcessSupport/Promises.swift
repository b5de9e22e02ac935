// What holds in the tables of every store after every run, however it was disturbed.

/// Each promise counts the rows that break it, in SQL that both stores understand.
package enum Promises {
    package static let breaches: [(name: String, sql: String)] = [
        (
            "positions have no holes",
            "SELECT count(*) FROM outbox_log WHERE position > (SELECT count(*) FROM outbox_log)"
        ),
        (
            "every event has a decision",
            """
            SELECT count(*) FROM outbox_log l
            WHERE NOT EXISTS (SELECT 1 FROM outbox_decision d WHERE d.position = l.position)
            """
        ),
        (
            "every command has one ledger row",
            "SELECT abs((SELECT count(*) FROM outbox_command) - (SELECT count(*) FROM outbox_ledger))"
        ),
        (
            "a command is queued or finished, never both or neither",
            """
            SELECT count(*) FROM outbox_command c WHERE
                (SELECT count(*) FROM outbox_queue q WHERE q.command = c.number)
                + (SELECT count(*) FROM outbox_finish f WHERE f.command = c.number) <> 1
            """
        ),
        (
            "every outcome has its attempt",
            """
            SELECT count(*) FROM outbox_outcome o WHERE NOT EXISTS
                (SELECT 1 FROM outbox_attempt a WHERE a.command = o.command AND a.attempt = o.attempt)
            """
        ),
        (
            "fencing tokens only grow",
            """
            SELECT count(*) FROM outbox_attempt a JOIN outbox_attempt b
                ON a.command = b.command AND a.attempt < b.attempt WHERE a.token >= b.token
            """
        ),
    ]
}
