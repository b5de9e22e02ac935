// The rows that verification compares, each with the columns that it is read from and the form in which it
// lies in a `RowBuffer`: as recorded, and as computed again. The two forms stand side by side here, because
// they must be the same.
package import SendonceCore

/// An event of the log. Its first eight columns are, byte for byte, what the chain's link is made from after
/// the link before it.
package enum EventRow {
    package static let columns = """
        position, occurred_at, id, event_type, source, subject, traceparent, payload, link, recorded_at
        """
    package static let payloadColumn: Int32 = 7
    package static let forms: [ColumnForm] = [
        .number, .number, .part, .part, .part, .part, .part, .part, .part, .number,
    ]

    package static func add(_ row: some RecordedRow, to rows: RowBuffer) {
        rows.add(row.integer(0))
        rows.add(row.integer(1))
        for column in Int32(2)...8 { rows.addText(row, column) }
        rows.add(row.integer(9))
        rows.endRow()
    }
}

/// What was decided for one event and one rule.
package enum DecisionRow {
    package static let columns =
        "position, rule, item, reason, key, recipient, winner, until, detail, command, event"
    package static let forms: [ColumnForm] = [
        .number, .part, .number, .part, .part, .part, .part, .part, .part, .id, .part,
    ]

    package static func add(_ row: some RecordedRow, to rows: RowBuffer) {
        rows.add(row.integer(0))
        rows.addText(row, 1)
        rows.add(row.integer(2))
        for column in Int32(3)...5 { rows.addText(row, column) }
        rows.add(row.integerIfAny(6))
        rows.add(row.integerIfAny(7))
        rows.addText(row, 8)
        row.add(commandID: 9, to: rows)
        rows.add(row.integerIfAny(10))
        rows.endRow()
    }

    /// Whether a command stands beside the decision: no other reason begins like this one.
    @inline(__always)
    package static func isEmitted(_ row: some RecordedRow) -> Bool { row.span(3).first == 0x65 }

    /// The same of a row that was laid down.
    package static func isEmitted(_ row: UnsafeRawBufferPointer) -> Bool {
        var cursor = RowCursor(row)
        _ = (cursor.integer(), cursor.part(), cursor.integer())
        return cursor.part()?.first == 0x65
    }

    package static func add(_ decision: Decision, to rows: RowBuffer) {
        rows.add(decision.position)
        rows.add(decision.rule)
        rows.add(decision.item)
        rows.add(decision.reason.word)
        rows.add(decision.key?.text)
        rows.add(decision.recipient)
        addFacts(ReasonColumns(decision.reason, command: decision.command?.id), to: rows)
        rows.add(decision.event)
        rows.endRow()
    }

    /// The row of the same event, rule and item with another reason, without a command of its own.
    package static func add(_ row: UnsafeRawBufferPointer, because reason: Reason, to rows: RowBuffer) {
        var cursor = RowCursor(row)
        rows.add(raw: UnsafeRawBufferPointer(rebasing: row[..<cursor.skipIdentity()]))
        rows.add(reason.word)
        _ = cursor.part()
        let key = cursor.offset
        _ = (cursor.part(), cursor.part())
        rows.add(raw: UnsafeRawBufferPointer(rebasing: row[key..<cursor.offset]))
        addFacts(ReasonColumns(reason, command: nil), to: rows)
        rows.addNull()
        rows.endRow()
    }

    /// The bytes that say which decision it is: position, rule and item.
    package static func identity(_ row: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var cursor = RowCursor(row)
        return UnsafeRawBufferPointer(rebasing: row[..<cursor.skipIdentity()])
    }

    private static func addFacts(_ facts: ReasonColumns, to rows: RowBuffer) {
        rows.add(facts.winner)
        rows.add(facts.until?.microseconds)
        rows.add(facts.detail)
        rows.add(facts.command)
    }
}

extension RowCursor {
    /// Passes position, rule and item, and says where it is then.
    fileprivate mutating func skipIdentity() -> Int {
        _ = (integer(), part(), integer())
        return offset
    }
}

/// A command.
package enum CommandRow {
    package static let columns = """
        number, id, position, rule, item, key, key_digest, slot, generation, rule_set, recipient, route,
        occurred_at, not_before, expires_at, on_unknown, supersede_digest
        """
    package static let forms: [ColumnForm] = [
        .number, .id, .number, .part, .number, .part, .part, .part, .number, .part, .part, .part, .number,
        .number, .part, .part, .part,
    ]
    package static let positionColumn: Int32 = 2
    /// Where a row's number stands.
    package static let numberOffset = 0

    /// The bytes that say which decision emitted it, as in `DecisionRow.identity`.
    package static func identity(_ row: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var cursor = RowCursor(row)
        _ = (cursor.integer(), cursor.part())
        let start = cursor.offset
        return UnsafeRawBufferPointer(rebasing: row[start..<cursor.skipIdentity()])
    }

    package static func add(_ row: some RecordedRow, to rows: RowBuffer) {
        rows.add(row.integer(0))
        row.add(commandID: 1, to: rows)
        rows.add(row.integer(2))
        rows.addText(row, 3)
        rows.add(row.integer(4))
        for column in Int32(5)...7 { rows.addText(row, column) }
        rows.add(row.integer(8))
        for column in Int32(9)...11 { rows.addText(row, column) }
        rows.add(row.integer(12))
        rows.add(row.integer(13))
        rows.add(row.integerIfAny(14))
        rows.addText(row, 15)
        rows.addText(row, 16)
        rows.endRow()
    }

    package static func add(_ command: Command, number: Int64, to rows: RowBuffer) {
        rows.add(number)
        rows.add(command.id)
        rows.add(command.position)
        rows.add(command.rule)
        rows.add(command.item)
        rows.add(command.key.text)
        rows.add(command.key.digest)
        rows.add(command.slot)
        rows.add(command.generation)
        rows.add(command.ruleSet)
        rows.add(command.recipient.description)
        rows.add(command.route)
        rows.add(command.occurredAt)
        rows.add(command.notBefore)
        rows.add(command.expiresAt)
        rows.add(command.onUnknown?.rawValue)
        rows.add(command.supersedeDigest)
        rows.endRow()
    }
}

/// Who won a key.
package enum LedgerRow {
    package static let columns = """
        key, key_digest, slot, generation, scope, position, occurred_at, command, number
        """
    package static let forms: [ColumnForm] = [
        .part, .part, .part, .number, .part, .number, .number, .id, .number,
    ]

    package static func add(_ row: some RecordedRow, to rows: RowBuffer) {
        for column in Int32(0)...2 { rows.addText(row, column) }
        rows.add(row.integer(3))
        rows.addText(row, 4)
        rows.add(row.integer(5))
        rows.add(row.integer(6))
        row.add(commandID: 7, to: rows)
        rows.add(row.integer(8))
        rows.endRow()
    }

    /// Where a row's number stands, before its end.
    package static let numberFromEnd = 8

    package static func add(_ command: Command, scope: Text, number: Int64, to rows: RowBuffer) {
        rows.add(command.key.text)
        rows.add(command.key.digest)
        rows.add(command.slot)
        rows.add(command.generation)
        rows.add(scope)
        rows.add(command.position)
        rows.add(command.occurredAt)
        rows.add(command.id)
        rows.add(number)
        rows.endRow()
    }
}

/// The name that a producer gave to an event.
package enum NameRow {
    package static let columns = "id, source, position"
    package static let forms: [ColumnForm] = [.part, .part, .number]

    package static func add(_ row: some RecordedRow, to rows: RowBuffer) {
        rows.addText(row, 0)
        rows.addText(row, 1)
        rows.add(row.integer(2))
        rows.endRow()
    }
}

/// Rows of numbers: what is known of deliveries.
package enum NumberRow {
    package static func forms(_ columns: Int) -> [ColumnForm] {
        [ColumnForm](repeating: .number, count: columns)
    }

    package static func add(_ row: some RecordedRow, columns: Int32, to rows: RowBuffer) {
        for column in 0..<columns { rows.add(row.integer(column)) }
        rows.endRow()
    }
}

extension RowBuffer {
    /// A text or bytes as stored, or NULL.
    @inline(__always)
    fileprivate func addText(_ row: some RecordedRow, _ column: Int32) {
        let bytes = row.span(column)
        // One question for most values: only what is empty can be NULL.
        if bytes.isEmpty, row.isNull(column) { addNull() } else { add(part: bytes) }
    }
}
