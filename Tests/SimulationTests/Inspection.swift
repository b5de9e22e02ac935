// Looks at the database with plain SQL on a connection of its own, so that no code under test says how it
// did.
import Foundation
import GRDB
import SendonceCore

/// Where a command stands, as one look sees it.
struct Standing {
    var command: String
    var token: Int64?
    var state: String?
    var finished: String?
    var attempts: Int
    /// Whether an answer that came late says that it was accepted.
    var isProven: Bool
    /// Whether an event cancelled or superseded it.
    var isCalledOff: Bool
    /// Whether the log says that it is called off: by a decision, or by a newer command that supersedes it.
    var mustBeCalledOff: Bool
}

/// What is recorded about an attempt whose request is about to leave.
struct RecordedAttempt {
    var requestDigest: Digest?
    var startedAt: Timestamp
    var expiresAt: Timestamp?
    var onUnknown: String?
    /// Start of the earliest attempt before this one whose outcome is recorded as unknown.
    var firstUnsureAt: Timestamp?
}

struct Inspection {
    private let database: DatabaseQueue

    init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        database = try DatabaseQueue(path: path, configuration: configuration)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try database.inDatabase { try Row.fetchAll($0, sql: sql, arguments: arguments) }
    }

    /// An application whose transaction does not commit.
    func insertAndRollBack(type: String, payload: String) throws {
        try database.inTransaction { database in
            try database.execute(
                sql: "INSERT INTO outbox (event_type, payload) VALUES (?, ?)", arguments: [type, payload])
            return .rollback
        }
    }

    /// Commands that nobody has to look at and that are not finished.
    func unfinished() throws -> Int {
        try rows("SELECT count(*) AS n FROM outbox_queue WHERE state <> 'held'").first?["n"] ?? 0
    }

    /// Starts of attempts in their order, from the first that is not before this time on.
    func starts(from first: Timestamp) throws -> [Timestamp] {
        try rows(
            "SELECT started_at FROM outbox_attempt WHERE started_at >= ? ORDER BY started_at",
            [first.microseconds]
        ).map { Timestamp(microseconds: $0["started_at"]) }
    }

    func standings() throws -> [Standing] {
        try rows(
            """
            SELECT c.id, q.token, q.state, f.state AS finished,
                (SELECT count(*) FROM outbox_attempt a WHERE a.command = c.number) AS attempts,
                EXISTS (SELECT 1 FROM outbox_late_answer l
                    WHERE l.command = c.number AND l.outcome IN ('accepted', 'duplicate')) AS proven,
                coalesce(q.cancelled_by, q.superseded_by) IS NOT NULL AS called_off,
                EXISTS (SELECT 1 FROM outbox_decision d WHERE d.reason = 'cancels' AND d.command = c.id)
                OR EXISTS (SELECT 1 FROM outbox_command n
                    WHERE n.supersede_digest = c.supersede_digest AND n.number > c.number
                        AND n.occurred_at >= c.occurred_at)
                    AS must_be_called_off
            FROM outbox_command c
            LEFT JOIN outbox_queue q ON q.command = c.number
            LEFT JOIN outbox_finish f ON f.command = c.number
            """
        ).map { row in
            Standing(
                command: row["id"], token: row["token"], state: row["state"], finished: row["finished"],
                attempts: row["attempts"], isProven: row["proven"], isCalledOff: row["called_off"],
                mustBeCalledOff: row["must_be_called_off"])
        }
    }

    /// The kinds of things that happened in this history.
    func words() throws -> [String] {
        try rows(
            """
            SELECT state AS word FROM outbox_finish UNION SELECT state FROM outbox_queue
            UNION SELECT 'outcome ' || outcome FROM outbox_outcome
            UNION SELECT 'late ' || outcome FROM outbox_late_answer
            UNION SELECT code FROM outbox_outcome UNION SELECT reason FROM outbox_decision
            """
        ).map { $0["word"] }
    }

    func attempt(_ name: AttemptName) throws -> RecordedAttempt? {
        try rows(
            """
            SELECT a.request_digest, a.started_at, c.expires_at, c.on_unknown,
                (SELECT min(b.started_at) FROM outbox_attempt b JOIN outbox_outcome o USING (command, attempt)
                    WHERE b.command = a.command AND b.attempt < a.attempt AND o.outcome = 'unknown') AS unsure
            FROM outbox_attempt a JOIN outbox_command c ON c.number = a.command
            WHERE c.id = ? AND a.attempt = ?
            """, [name.command, name.attempt]
        ).first.map { row in
            let digest: Data? = row["request_digest"]
            return RecordedAttempt(
                requestDigest: digest.flatMap { Digest(bytes: $0) },
                startedAt: Timestamp(microseconds: row["started_at"]), expiresAt: row.time("expires_at"),
                onUnknown: row["on_unknown"], firstUnsureAt: row.time("unsure"))
        }
    }
}

extension Row {
    func time(_ column: String) -> Timestamp? {
        let microseconds: Int64? = self[column]
        return microseconds.map(Timestamp.init(microseconds:))
    }

    func digest(_ column: String) -> Digest? {
        let bytes: Data? = self[column]
        return bytes.flatMap { Digest(bytes: $0) }
    }
}
