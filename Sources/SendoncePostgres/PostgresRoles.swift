// Rights for three roles that exist already: who writes events, who runs Sendonce, who looks.

/// Names of roles, and the SQL that gives each what it needs and nothing more.
package struct PostgresRoles: Hashable, Sendable {
    /// The application: writes events and reads back what it wrote, but for the payload.
    package var appender: String
    /// `sendonce run` and the commands of people: projects, claims, settles. Changes no schema.
    package var `operator`: String
    /// Pages, audit and replay: reads everything.
    package var reader: String

    /// Where the tables are; the statements themselves find them by the search path.
    package var schema: String

    package init(appender: String, operator: String, reader: String, schema: String = "public") {
        self.schema = schema
        self.appender = appender
        self.operator = `operator`
        self.reader = reader
    }

    /// To be run by the owner of the tables, after the migration; harmless when it is run again.
    package var sql: String {
        let names =
            Self.appendOnly + [
                "outbox", "outbox_queue", "outbox_route", "outbox_projector", "outbox_schema",
                "outbox_authority", "outbox_home", "outbox_arrival",
            ]
        let all = (names + ["outbox_message"]).joined(separator: ", ")
        let (appender, runner, reader) = (quoted(appender), quoted(`operator`), quoted(reader))
        return """
            GRANT USAGE ON SCHEMA \(quoted(schema)) TO \(appender), \(runner), \(reader);

            -- The application. An ORM that reads back what it wrote needs the columns, but nobody's payload.
            GRANT INSERT (id, event_type, source, subject, payload, occurred_at, traceparent)
                ON outbox TO \(appender);
            GRANT SELECT (seq, id, event_type, source, subject, occurred_at, traceparent)
                ON outbox TO \(appender);

            -- Sendonce at work.
            GRANT SELECT ON \(all)
                TO \(runner);
            GRANT INSERT ON \(Self.appendOnly.joined(separator: ", "))
                TO \(runner);
            GRANT INSERT (id, event_type, source, subject, payload, occurred_at, traceparent)
                ON outbox TO \(runner);
            GRANT DELETE ON outbox TO \(runner);
            GRANT INSERT, UPDATE, DELETE ON outbox_queue TO \(runner);
            GRANT INSERT, UPDATE ON outbox_route, outbox_projector TO \(runner);
            -- To lock a table takes the right to change it; its triggers refuse every change.
            GRANT INSERT, UPDATE ON outbox_home TO \(runner);

            -- Whoever looks.
            GRANT SELECT ON \(all)
                TO \(reader);

            """
    }

    static let appendOnly = [
        "outbox_log", "outbox_rule_set", "outbox_activation", "outbox_scope", "outbox_decision",
        "outbox_ledger", "outbox_command", "outbox_attempt", "outbox_outcome", "outbox_late_answer",
        "outbox_finish", "outbox_gate", "outbox_act", "outbox_act_command",
    ]

    private func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
