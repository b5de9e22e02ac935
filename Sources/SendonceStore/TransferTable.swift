// What moves when a log moves: each table with its columns, said once for both stores and both directions. A
// test compares this list with the tables that exist, so that a new column cannot be forgotten.

/// One value of a row, alike on every store.
package enum TransferValue: Hashable, Sendable {
    case null
    case integer(Int64)
    /// UTF-8, or, in a payload, whatever an application wrote.
    case text([UInt8])
    case bytes([UInt8])

    /// Bytes that it takes, roughly.
    package var size: Int {
        switch self {
        case .null, .integer: 8
        case .text(let bytes), .bytes(let bytes): bytes.count + 8
        }
    }
}

package typealias TransferRow = [TransferValue]

/// A table whose rows are copied.
package struct TransferTable: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case integer, text, bytes
        /// A command's id: text on one store, `uuid` on another.
        case id
        /// A provider's words. PostgreSQL keeps U+FFFD in place of a NUL, so both count as the same.
        case words
    }

    package struct Column: Hashable, Sendable {
        package var name: String
        package var kind: Kind
    }

    package let name: String
    /// The key's columns first, in the order in which rows are read.
    package let columns: [Column]
    package let keyLength: Int
    /// Index of a column whose values may be large.
    package let bulk: Int?
    /// Whether rows change and go. Only then may a row of the copy be replaced.
    package let isQueue: Bool
    /// Whether a database gives the key's numbers by itself.
    package let isNumbered: Bool

    private init(
        _ name: String, key: [(String, Kind)], _ others: [(String, Kind)], bulk: String? = nil,
        isQueue: Bool = false, isNumbered: Bool = false
    ) {
        self.name = name
        columns = (key + others).map { Column(name: $0.0, kind: $0.1) }
        keyLength = key.count
        self.bulk = bulk.flatMap { name in (key + others).firstIndex { $0.0 == name } }
        self.isQueue = isQueue
        self.isNumbered = isNumbered
    }

    package var columnNames: [String] { columns.map(\.name) }
    package var keyNames: [String] { columnNames.prefix(keyLength).map(\.self) }

    package func key(_ row: TransferRow) -> TransferRow { Array(row.prefix(keyLength)) }

    /// The row as it is compared and digested.
    package func canonical(_ row: TransferRow) -> TransferRow {
        zip(columns, row).map { column, value in
            guard column.kind == .words, case .text(let bytes) = value, bytes.contains(0) else {
                return value
            }
            return .text(bytes.flatMap { $0 == 0 ? [0xEF, 0xBF, 0xBD] : [$0] })
        }
    }

    // MARK: The tables

    /// In the order in which rows may be written: what a row needs stands before it. The queue stands before
    /// the finishes, so that a command that ended since an earlier copy leaves it first.
    package static let all = [
        log, ruleSet, activation, scope, decision, ledger, command, attempt, outcome, lateAnswer, queue,
        finish, gate, act, actCommand,
    ]

    package static let log = TransferTable(
        "outbox_log", key: [("position", .integer)],
        [
            ("id", .text), ("event_type", .text), ("source", .text), ("subject", .text), ("payload", .text),
            ("occurred_at", .integer), ("traceparent", .text), ("recorded_at", .integer), ("link", .bytes),
        ], bulk: "payload")

    package static let ruleSet = TransferTable(
        "outbox_rule_set", key: [("digest", .bytes), ("name", .text)], [("content", .bytes)], bulk: "content")

    package static let activation = TransferTable(
        "outbox_activation", key: [("position", .integer)],
        [("digest", .bytes), ("actor", .text), ("reason", .text), ("recorded_at", .integer)])

    package static let scope = TransferTable(
        "outbox_scope", key: [("position", .integer), ("rule", .text)], [("scope", .text)])

    package static let decision = TransferTable(
        "outbox_decision", key: [("position", .integer), ("rule", .text), ("item", .integer)],
        [
            ("reason", .text), ("key", .text), ("recipient", .text), ("winner", .integer),
            ("until", .integer), ("detail", .text), ("command", .id), ("event", .integer),
        ])

    package static let ledger = TransferTable(
        "outbox_ledger",
        key: [("key", .text), ("key_digest", .bytes), ("slot", .text), ("generation", .integer)],
        [
            ("scope", .text), ("position", .integer), ("occurred_at", .integer), ("command", .id),
            ("number", .integer),
        ])

    package static let command = TransferTable(
        "outbox_command", key: [("number", .integer)],
        [
            ("id", .id), ("position", .integer), ("rule", .text), ("item", .integer), ("key", .text),
            ("key_digest", .bytes), ("slot", .text), ("generation", .integer), ("rule_set", .bytes),
            ("recipient", .text), ("route", .text), ("occurred_at", .integer), ("not_before", .integer),
            ("expires_at", .integer), ("on_unknown", .text), ("supersede_digest", .bytes),
        ])

    package static let attempt = TransferTable(
        "outbox_attempt", key: [("command", .integer), ("attempt", .integer)],
        [
            ("token", .integer), ("route", .text), ("request_digest", .bytes), ("dispatcher", .text),
            ("started_at", .integer),
        ])

    private static let answer: [(String, Kind)] = [
        ("outcome", .text), ("counts", .integer), ("code", .words), ("words", .words),
        ("message_id", .words), ("retry_after", .integer), ("trouble", .text), ("status", .integer),
        ("issues", .integer), ("finished_at", .integer),
    ]

    package static let outcome = TransferTable(
        "outbox_outcome", key: [("command", .integer), ("attempt", .integer)], answer)

    package static let lateAnswer = TransferTable(
        "outbox_late_answer", key: [("number", .integer)],
        [("command", .integer), ("attempt", .integer), ("token", .integer)] + answer, isNumbered: true)

    package static let queue = TransferTable(
        "outbox_queue", key: [("command", .integer)],
        [
            ("state", .text), ("due_at", .integer), ("route", .text), ("supersede_digest", .bytes),
            ("lease_end", .integer), ("token", .integer), ("attempts", .integer), ("counted", .integer),
            ("first_unsure_at", .integer), ("request_digest", .bytes), ("hold_reason", .text),
            ("hold_detail", .words), ("held_at", .integer), ("cancelled_by", .integer),
            ("superseded_by", .integer),
        ], isQueue: true)

    package static let finish = TransferTable(
        "outbox_finish", key: [("command", .integer)],
        [("state", .text), ("at", .integer), ("cause", .integer)])

    package static let gate = TransferTable(
        "outbox_gate", key: [("number", .integer)],
        [
            ("command", .integer), ("at", .integer), ("gate", .text), ("cause", .integer),
            ("detail", .words),
        ], isNumbered: true)

    package static let act = TransferTable(
        "outbox_act", key: [("number", .integer)],
        [
            ("request", .text), ("act", .text), ("actor", .text), ("reason", .text), ("selection", .text),
            ("commands", .integer), ("recorded_at", .integer),
        ], isNumbered: true)

    package static let actCommand = TransferTable(
        "outbox_act_command", key: [("act", .integer), ("command", .integer)],
        [("state", .text), ("hold_reason", .text)])

    /// Tables that do not move as rows, each with the reason.
    package static let left: [String: String] = [
        "outbox": "moves event by event, under the numbers of its new place",
        "outbox_run": "derived; made anew on arrival", "outbox_lookup": "derived; made anew on arrival",
        "outbox_schema": "says what was done to this database",
        "outbox_authority": "says how this database stands to the log",
        "outbox_home": "says where this database stands",
        "outbox_arrival": "says what this database received",
        "outbox_route": "which sends of a route are under way here; when a log is sealed, none is",
        "outbox_projector": "who projects here; nobody does elsewhere",
    ]
}
