// Giving a log away and receiving one. Statements are made from the list of tables, because all fifteen are
// read and written alike.
import Foundation
package import SendonceCore
package import SendonceStore

extension SQLiteStore: TransferReader {
    package var keepsEveryText: Bool { true }

    package func place() throws(StoreError) -> Text {
        Text(URL(fileURLWithPath: path).standardizedFileURL.path)
    }

    package func rows(
        of table: TransferTable, after key: TransferRow?, limit: Int, bytes: Int
    ) throws(StoreError) -> [TransferRow] {
        try reader.use { (session: Session) throws(StoreError) in
            try session.rows(of: table, after: key, through: nil, limit: limit, bytes: bytes)
        }
    }

    package func count(of table: TransferTable) throws(StoreError) -> Int64 {
        try reader.use { (session: Session) throws(StoreError) in
            try session.first("SELECT count(*) FROM \(table.name)") { $0.integer(0) } ?? 0
        }
    }

    package func intakeCount() throws(StoreError) -> Int64 {
        try reader.use { (session: Session) throws(StoreError) in
            try session.first("SELECT count(*) FROM outbox") { $0.integer(0) } ?? 0
        }
    }
}

extension SQLiteStore: TransferSource {
    package func openAttempts(now: Timestamp) throws(StoreError) -> OpenAttempts? {
        try reader.use { (session: Session) throws(StoreError) in try session.openAttempts(now: now) }
    }

    package func seal(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            if let refusal = try session.homeRecord()?.refusal { throw .fenced(refusal) }
            if let open = try session.openAttempts(now: record.recordedAt) { throw .conflict(open.words) }
            try session.append(record)
        }
    }

    package func takeBack(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in try session.append(record) }
    }

    package func waiting(after number: Int64, limit: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        try reader.use { (session: Session) throws(StoreError) in
            try session.intakeEvents(Session.waitingSQL, bytes: bytes) {
                $0.add(number)
                $0.add(limit)
            }
        }
    }

    package func waiting(numbered: [Int64]) throws(StoreError) -> [IntakeEvent] {
        try reader.snapshot { (session: Session) throws(StoreError) -> [IntakeEvent] in
            var found: [IntakeEvent] = []
            for number in numbered {
                found += try session.rows(Session.numberedSQL) {
                    $0.add(number)
                } read: { (row: Statement) throws(StoreError) in
                    try row.intakeEvent()
                }
            }
            return found
        }
    }

    package func lastIntakeNumber() throws(StoreError) -> Int64 {
        try reader.use { (session: Session) throws(StoreError) in
            try session.first("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'") { $0.integer(0) } ?? 0
        }
    }

    package func remove(arrived numbers: [Int64], transfer: Text) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            guard let record = try session.authority(), record.state == .moved, record.transfer == transfer
            else { throw .conflict("this log did not move under that transfer, so its events stay") }
            for number in numbers {
                try session.run("DELETE FROM outbox WHERE seq = ?") { $0.add(number) }
            }
        }
    }
}

extension SQLiteStore: TransferTarget {
    package func begin(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            for table in TransferTable.all {
                let row = try session.first("SELECT 1 FROM \(table.name) LIMIT 1") { $0.integer(0) }
                guard row == nil else { throw .conflict("the new place holds a log already") }
            }
            try session.append(record)
        }
    }

    package func write(_ page: TransferPage, transfer: Text) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            try session.checkCopy(of: transfer)
            let table = page.table
            let merge = try TransferMerge(
                page,
                existing: try session.rows(
                    of: table, after: page.after, through: page.through, limit: -1, bytes: .max))
            for key in merge.obsolete {
                try session.run("DELETE FROM \(table.name) WHERE \(table.keyNames[0]) = ?") { $0.add(key) }
            }
            let places = table.columns.map { _ in "?" }.joined(separator: ", ")
            let insert = try RowInsert(
                session, into: "\(table.name) (\(table.columnNames.joined(separator: ", ")))",
                values: "(\(places))")
            try insert.insert(merge.missing) { $0.add($1) }
            if table == .command, case .integer(let last)? = page.rows.last?.first {
                try session.writeRun(upTo: last)
            }
        }
    }

    package func arrive(_ events: [IntakeEvent], transfer: Text) throws(StoreError) -> Int {
        try writer.transaction { (session: Session) throws(StoreError) -> Int in
            guard let record = try session.authority(), record.transfer == transfer,
                record.state == .copy || record.state == .inForce
            else { throw .conflict("this database receives no events of that transfer") }
            var new = 0
            for event in events where try !session.hasArrived(event.sequence, transfer) {
                try session.arrive(event, transfer)
                new += 1
            }
            return new
        }
    }

    package func arrived(
        with transfer: Text, after number: Int64, limit: Int, bytes: Int
    ) throws(StoreError) -> [IntakeEvent] {
        try reader.use { (session: Session) throws(StoreError) in
            try session.intakeEvents(Session.arrivedSQL, bytes: bytes) {
                $0.add(transfer)
                $0.add(number)
                $0.add(limit)
            }
        }
    }

    /// The numbers of recorded rows follow the highest one by themselves.
    package func continueNumbers(after intakeNumber: Int64) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            let known = try session.first("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'") {
                $0.integer(0)
            }
            guard (known ?? 0) < intakeNumber else { return }
            let sql =
                known == nil
                ? "INSERT INTO sqlite_sequence (seq, name) VALUES (?, 'outbox')"
                : "UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'"
            try session.run(sql) { $0.add(intakeNumber) }
        }
    }

    package func record(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in try session.append(record) }
    }
}

extension Session {
    fileprivate func openAttempts(now: Timestamp) throws(StoreError) -> OpenAttempts? {
        let open = try first(
            "SELECT count(*), max(lease_end) FROM outbox_queue WHERE state = 'sending' AND lease_end > ?"
        ) {
            $0.add(now)
        } read: {
            OpenAttempts(count: $0.integer(0), until: $0.time(1))
        }
        return open.flatMap { $0.count > 0 ? $0 : nil }
    }

    /// Rows of a table between two keys; a limit of -1 is none.
    fileprivate func rows(
        of table: TransferTable, after: TransferRow?, through: TransferRow?, limit: Int, bytes: Int
    ) throws(StoreError) -> [TransferRow] {
        let key = table.keyNames.joined(separator: ", ")
        let places = table.keyNames.map { _ in "?" }.joined(separator: ", ")
        var conditions: [String] = []
        if after != nil { conditions.append("(\(key)) > (\(places))") }
        if through != nil { conditions.append("(\(key)) <= (\(places))") }
        let statement = try statement(
            "SELECT \(table.columnNames.joined(separator: ", ")) FROM \(table.name)"
                + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "))
                + " ORDER BY \(key) LIMIT ?")
        defer { statement.reset() }
        for bound in [after, through] { if let bound { statement.add(bound) } }
        statement.add(limit)
        var rows: [TransferRow] = []
        var size = 0
        while try statement.next() {
            if let bulk = table.bulk { size += statement.byteCount(Int32(bulk)) }
            if size > bytes, !rows.isEmpty { break }
            rows.append(statement.row(of: table))
        }
        return rows
    }

    fileprivate static let waitingSQL = """
        SELECT seq, id, event_type, source, subject, payload, occurred_at, traceparent FROM outbox
        WHERE seq > ? ORDER BY seq LIMIT ?
        """
    fileprivate static let numberedSQL = """
        SELECT seq, id, event_type, source, subject, payload, occurred_at, traceparent FROM outbox
        WHERE seq = ?
        """
    fileprivate static let arrivedSQL = """
        SELECT a.origin, o.id, o.event_type, o.source, o.subject, o.payload, o.occurred_at, o.traceparent
        FROM outbox_arrival a JOIN outbox o ON o.seq = a.seq
        WHERE a.transfer = ? AND a.origin > ? ORDER BY a.origin LIMIT ?
        """

    fileprivate func intakeEvents(
        _ sql: String, bytes: Int, _ bind: (Statement) -> Void
    ) throws(StoreError) -> [IntakeEvent] {
        let statement = try statement(sql)
        defer { statement.reset() }
        bind(statement)
        var events: [IntakeEvent] = []
        var size = 0
        while try statement.next() {
            size += statement.byteCount(5)
            if size > bytes, !events.isEmpty { break }
            events.append(try statement.intakeEvent())
        }
        return events
    }

    fileprivate func hasArrived(_ number: Int64, _ transfer: Text) throws(StoreError) -> Bool {
        try first("SELECT 1 FROM outbox_arrival WHERE transfer = ? AND origin = ?") {
            $0.add(transfer)
            $0.add(number)
        } read: {
            $0.integer(0)
        } != nil
    }

    fileprivate func arrive(_ arriving: IntakeEvent, _ transfer: Text) throws(StoreError) {
        let event = arriving.event
        let number = try first(
            """
            INSERT INTO outbox (id, event_type, source, subject, payload, occurred_at, traceparent)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq
            """
        ) {
            $0.add(event.id)
            $0.add(event.type)
            $0.add(event.source)
            $0.add(event.subject)
            $0.add(text: event.payload)
            $0.add(event.occurredAt.text)
            $0.add(event.traceparent)
        } read: {
            $0.integer(0)
        }
        try run("INSERT INTO outbox_arrival (transfer, origin, seq) VALUES (?, ?, ?)") {
            $0.add(transfer)
            $0.add(arriving.sequence)
            $0.add(number)
        }
    }
}

extension Statement {
    fileprivate func add(_ row: TransferRow) {
        for value in row {
            switch value {
            case .null: addNull()
            case .integer(let number): add(number)
            case .text(let bytes): add(text: bytes)
            case .bytes(let bytes): add(blob: bytes)
            }
        }
    }

    fileprivate func row(of table: TransferTable) -> TransferRow {
        var row: TransferRow = []
        row.reserveCapacity(table.columns.count)
        for (index, column) in table.columns.enumerated() {
            let place = Int32(index)
            switch column.kind {
            case _ where isNull(place): row.append(.null)
            case .integer: row.append(.integer(integer(place)))
            case .text, .words, .id: row.append(.text(bytes(place)))
            case .bytes: row.append(.bytes(bytes(place)))
            }
        }
        return row
    }
}
