// Giving a log away and receiving one. Statements are made from the list of tables, because all fifteen are
// read and written alike.
package import SendonceCore
package import SendonceStore

extension PostgresStore: TransferReader {
    package var keepsEveryText: Bool { false }

    package func place() throws(StoreError) -> Text {
        Text(try settings.place())
    }

    package func rows(
        of table: TransferTable, after key: TransferRow?, limit: Int, bytes: Int
    ) throws(StoreError) -> [TransferRow] {
        // A transaction because of what it sets: rows are found by index, whatever the planner believes.
        try reader.transaction { (session: Session) throws(StoreError) in
            try session.rows(of: table, after: key, limit: limit, bytes: bytes)
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

extension PostgresStore: TransferSource {
    package func openAttempts(now: Timestamp) throws(StoreError) -> OpenAttempts? {
        try reader.use { (session: Session) throws(StoreError) in try session.openAttempts(now: now) }
    }

    package func seal(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            try session.lockAuthority(.againstReaders)
            if let refusal = try session.homeRecord()?.refusal { throw .fenced(refusal) }
            if let open = try session.openAttempts(now: record.recordedAt) { throw .conflict(open.words) }
            try session.append(record)
        }
    }

    package func takeBack(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in try session.append(record) }
    }

    package func waiting(after number: Int64, limit: Int, bytes: Int) throws(StoreError) -> [IntakeEvent] {
        try reader.transaction { (session: Session) throws(StoreError) in
            try session.rows(Session.waitingSQL) {
                $0.add(number)
                $0.add(limit)
                $0.add(bytes)
            } read: {
                $0.intakeEvent()
            }
        }
    }

    package func waiting(numbered: [Int64]) throws(StoreError) -> [IntakeEvent] {
        var numbers = Column(.integer)
        for number in numbered { numbers.add(number) }
        return try reader.transaction { (session: Session) throws(StoreError) in
            try session.rows(
                """
                SELECT seq, id, event_type, source, subject, payload, occurred_at, traceparent FROM outbox
                WHERE seq = ANY ($1::bigint[]) ORDER BY seq
                """
            ) {
                $0.add(numbers)
            } read: {
                $0.intakeEvent()
            }
        }
    }

    package func lastIntakeNumber() throws(StoreError) -> Int64 {
        try reader.use { (session: Session) throws(StoreError) in
            try session.lastNumber(of: "outbox", "seq")
        }
    }

    package func remove(arrived numbers: [Int64], transfer: Text) throws(StoreError) {
        var removed = Column(.integer)
        for number in numbers { removed.add(number) }
        try writer.transaction { (session: Session) throws(StoreError) in
            guard let record = try session.authority(), record.state == .moved, record.transfer == transfer
            else { throw .conflict("this log did not move under that transfer, so its events stay") }
            try session.run("DELETE FROM outbox WHERE seq = ANY ($1::bigint[])") { $0.add(removed) }
        }
    }
}

extension PostgresStore: TransferTarget {
    package func begin(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            try session.lockAuthority(.againstReaders)
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
            let merge = try TransferMerge(
                page,
                existing: try session.rows(of: page.table, after: page.after, through: page.through))
            try session.remove(merge.obsolete, from: page.table)
            try session.insert(merge.missing, into: page.table)
        }
    }

    package func arrive(_ events: [IntakeEvent], transfer: Text) throws(StoreError) -> Int {
        try writer.transaction { (session: Session) throws(StoreError) -> Int in
            try session.lockAuthority(.againstWriters)
            guard let record = try session.authority(), record.transfer == transfer,
                record.state == .copy || record.state == .inForce
            else { throw .conflict("this database receives no events of that transfer") }
            var numbers = Column(.integer)
            for event in events { numbers.add(event.sequence) }
            let known = try session.rows(
                "SELECT origin FROM outbox_arrival WHERE transfer = $1 AND origin = ANY ($2::bigint[])"
            ) {
                $0.add(transfer)
                $0.add(numbers)
            } read: {
                $0.integer(0)
            }
            let arrived = Set(known)
            let new = events.filter { !arrived.contains($0.sequence) }
            for event in new { try session.arrive(event, transfer) }
            return new.count
        }
    }

    package func arrived(
        with transfer: Text, after number: Int64, limit: Int, bytes: Int
    ) throws(StoreError) -> [IntakeEvent] {
        try reader.transaction { (session: Session) throws(StoreError) in
            try session.rows(Session.arrivedSQL) {
                $0.add(number)
                $0.add(limit)
                $0.add(bytes)
                $0.add(transfer)
            } read: {
                $0.intakeEvent()
            }
        }
    }

    package func continueNumbers(after intakeNumber: Int64) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in
            try session.continueNumbers(of: "outbox", "seq", after: intakeNumber)
            for table in TransferTable.all where table.isNumbered {
                let column = table.keyNames[0]
                let last = try session.first("SELECT max(\(column)) FROM \(table.name)") { $0.integer(0) }
                try session.continueNumbers(of: table.name, column, after: last ?? 0)
            }
        }
    }

    package func record(_ record: AuthorityRecord) throws(StoreError) {
        try writer.transaction { (session: Session) throws(StoreError) in try session.append(record) }
    }
}

extension Session {
    fileprivate func openAttempts(now: Timestamp) throws(StoreError) -> OpenAttempts? {
        let open = try first(
            "SELECT count(*), max(lease_end) FROM outbox_queue WHERE state = 'sending' AND lease_end > $1"
        ) {
            $0.add(now)
        } read: {
            OpenAttempts(count: $0.integer(0), until: $0.time(1))
        }
        return open.flatMap { $0.count > 0 ? $0 : nil }
    }

    /// Rows of a table between two keys; without a limit, all of them.
    fileprivate func rows(
        of table: TransferTable, after: TransferRow?, through: TransferRow? = nil,
        limit: Int64 = .max, bytes: Int64 = .max
    ) throws(StoreError) -> [TransferRow] {
        let key = table.keyNames.joined(separator: ", ")
        // The ledger's index holds the beginnings of keys only: they narrow the search, and order it.
        let start = table == .ledger ? "left(key, 200)" : nil
        var conditions: [String] = []
        var parameter = 2
        for (bound, sign) in [(after, ">"), (through, "<=")] where bound != nil {
            if let start { conditions.append("\(start) \(sign.first ?? " ")= left($\(parameter + 1), 200)") }
            let places = table.keyNames.indices.map { "$\(parameter + $0 + 1)" }
            conditions.append("(\(key)) \(sign) (\(places.joined(separator: ", ")))")
            parameter += table.keyLength
        }
        // Along that index, sorting only what begins alike: else each page sorts all that is left.
        if start != nil { try runScript("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off") }
        let columns = table.columnNames.joined(separator: ", ")
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let order = start.map { "\($0), \(key)" } ?? key
        let size = table.bulk.map { "octet_length(\(table.columnNames[$0]))" } ?? "0"
        let sql = """
            SELECT \(columns) FROM (
                SELECT *, sum(\(size)) OVER (ORDER BY \(key) ROWS UNBOUNDED PRECEDING) AS read_bytes,
                    row_number() OVER (ORDER BY \(key)) AS read_rows
                FROM (SELECT \(columns) FROM \(table.name) \(filter) ORDER BY \(order) LIMIT $1) page
            ) sized WHERE read_bytes <= $2 OR read_rows = 1 ORDER BY \(key)
            """
        return try rows(sql) {
            $0.add(limit)
            $0.add(bytes)
            for bound in [after, through] { if let bound { $0.add(bound) } }
        } read: { (row: Row) throws(StoreError) in
            try row.values(of: table)
        }
    }

    fileprivate func rows(
        of table: TransferTable, after: TransferRow?, limit: Int, bytes: Int
    ) throws(StoreError) -> [TransferRow] {
        try rows(of: table, after: after, limit: Int64(limit), bytes: Int64(bytes))
    }

    fileprivate func remove(_ keys: [TransferRow], from table: TransferTable) throws(StoreError) {
        guard !keys.isEmpty else { return }
        var numbers = Column(.integer)
        for key in keys { try numbers.add(key[0], of: table.columns[0].kind) }
        try run("DELETE FROM \(table.name) WHERE \(table.keyNames[0]) = ANY ($1::bigint[])") {
            $0.add(numbers)
        }
    }

    fileprivate func insert(_ rows: [TransferRow], into table: TransferTable) throws(StoreError) {
        guard !rows.isEmpty else { return }
        var values = table.columns.map { Column($0.kind.type) }
        for row in rows {
            for index in values.indices { try values[index].add(row[index], of: table.columns[index].kind) }
        }
        let arrays = table.columns.enumerated().map { "$\($0 + 1)::\($1.kind.type.sql)[]" }
        let columns = table.columnNames.joined(separator: ", ")
        let filled = values
        try run(
            """
            INSERT INTO \(table.name) (\(columns)) \(table.isNumbered ? "OVERRIDING SYSTEM VALUE" : "")
            SELECT \(columns) FROM unnest(\(arrays.joined(separator: ", "))) AS row (\(columns))
            """
        ) {
            for column in filled { $0.add(column) }
        }
    }

    private static func eventSQL(number: String, from tables: String) -> String {
        """
        SELECT number, id, event_type, source, subject, payload, occurred_at, traceparent FROM (
            SELECT *, sum(octet_length(payload)) OVER (ORDER BY number) AS size,
                row_number() OVER (ORDER BY number) AS row
            FROM (SELECT \(number) AS number, o.* FROM \(tables) ORDER BY \(number) LIMIT $2) oldest
        ) sized WHERE size <= $3 OR row = 1 ORDER BY number
        """
    }
    fileprivate static let waitingSQL = eventSQL(number: "o.seq", from: "outbox o WHERE o.seq > $1")
    fileprivate static let arrivedSQL = eventSQL(
        number: "a.origin",
        from: """
            outbox_arrival a JOIN outbox o ON o.seq = a.seq WHERE a.transfer = $4 AND a.origin > $1
            """)

    fileprivate func arrive(_ arriving: IntakeEvent, _ transfer: Text) throws(StoreError) {
        let event = arriving.event
        try run(
            """
            WITH written AS (
                INSERT INTO outbox (id, event_type, source, subject, payload, occurred_at, traceparent)
                VALUES ($3, $4, $5, $6, $7, $8::timestamptz, $9) RETURNING seq)
            INSERT INTO outbox_arrival (transfer, origin, seq) SELECT $1, $2, seq FROM written
            """
        ) {
            $0.add(transfer)
            $0.add(arriving.sequence)
            $0.add(event.id)
            $0.add(event.type)
            $0.add(event.source)
            $0.add(event.subject)
            $0.add(text: event.payload)
            $0.add(event.occurredAt.text)
            $0.add(event.traceparent)
        }
    }

    /// The last number that a table's own counter gave; 0 before the first.
    fileprivate func lastNumber(of table: String, _ column: String) throws(StoreError) -> Int64 {
        try first(
            "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('\(table)', '\(column)')), 0)"
        ) {
            $0.integer(0)
        } ?? 0
    }

    /// Takes numbers until the counter is behind `last`; nobody can be given one twice, and a counter that is
    /// there already stays as it is.
    fileprivate func continueNumbers(
        of table: String, _ column: String, after last: Int64
    ) throws(StoreError) {
        guard try lastNumber(of: table, column) < last else { return }
        // Without this, a number that somebody takes between looking and setting would be given again.
        try run("LOCK TABLE \(table) IN SHARE ROW EXCLUSIVE MODE")
        try run(
            """
            SELECT setval(counter, greatest($1, coalesce(pg_sequence_last_value(counter), 0)))
            FROM (SELECT pg_get_serial_sequence('\(table)', '\(column)')::regclass AS counter) named
            """
        ) {
            $0.add(last)
        }
    }
}

extension TransferTable.Kind {
    fileprivate var type: ValueType {
        switch self {
        case .integer: .integer
        case .text, .words: .text
        case .bytes: .bytes
        case .id: .uuid
        }
    }
}

extension ValueType {
    fileprivate var sql: String {
        switch self {
        case .integer: "bigint"
        case .text: "text"
        case .bytes: "bytea"
        case .uuid: "uuid"
        }
    }
}

extension Column {
    fileprivate mutating func add(_ value: TransferValue, of kind: TransferTable.Kind) throws(StoreError) {
        switch (value, kind) {
        case (.null, _): addNull()
        case (.integer(let number), .integer): add(number)
        case (.bytes(let bytes), .bytes), (.text(let bytes), .text): add(text: bytes)
        case (.text(let bytes), .words): add(repaired: Text(String(decoding: bytes, as: UTF8.self)))
        case (.text(let bytes), .id):
            guard let id = CommandID(String(decoding: bytes, as: UTF8.self)) else {
                throw .damaged("a command's id is not a version-8 UUID")
            }
            add(id)
        default: throw .failed("a value has not the type of its column")
        }
    }
}

extension Statement {
    /// The values of a key.
    fileprivate func add(_ key: TransferRow) {
        for value in key {
            switch value {
            case .null: add(nil as Int64?)
            case .integer(let number): add(number)
            case .text(let bytes): add(text: bytes)
            case .bytes(let bytes): add(bytes: bytes)
            }
        }
    }
}

extension Row {
    fileprivate func values(of table: TransferTable) throws(StoreError) -> TransferRow {
        var row: TransferRow = []
        row.reserveCapacity(table.columns.count)
        for (index, column) in table.columns.enumerated() {
            let place = Int32(index)
            switch column.kind {
            case _ where isNull(place): row.append(.null)
            case .integer: row.append(.integer(integer(place)))
            case .text, .words: row.append(.text(bytes(place)))
            case .bytes: row.append(.bytes(bytes(place)))
            case .id: row.append(.text(Array(try commandID(place).description.utf8)))
            }
        }
        return row
    }
}
