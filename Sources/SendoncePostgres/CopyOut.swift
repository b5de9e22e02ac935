// Rows that the server puts out by COPY in its binary form, laid into a buffer as they come: a page is never
// held as libpq's own rows, and no value becomes anything else on its way.
// https://www.postgresql.org/docs/15/sql-copy.html (Binary Format)
import CLibPQ
import SendonceStore

/// A query, the forms of its columns, and where its rows go. COPY takes no parameters: the text must hold
/// what it asks for.
struct CopyOut {
    let query: String
    let forms: [ColumnForm]
    let rows: RowBuffer

    /// Needs no right but SELECT.
    fileprivate var sql: String { "COPY (\(query)) TO STDOUT (FORMAT binary)" }
}

extension Session {
    /// Runs queries one behind the other, sent in one message: the server need not wait for us between them.
    /// Only inside `use`.
    func copy(_ queries: CopyOut...) throws(StoreError) {
        let handle = try handle()
        let script = queries.map(\.sql).joined(separator: "; ")
        guard PQsendQuery(handle, script) == 1 else {
            throw .unavailable("the connection to the server was lost")
        }
        var failure: StoreError?
        var rest = queries[...]
        while let result = PQgetResult(handle) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COPY_OUT:
                // What is left unread here goes with the connection, which is then not idle.
                guard let query = rest.popFirst() else { throw .failed("the server puts out too much") }
                try query.take(from: handle)
            case PGRES_COMMAND_OK: break
            default: failure = failure ?? StoreError(result, of: handle)
            }
        }
        if let failure { throw failure }
    }

    /// A text as SQL has it, whatever stands in it.
    func quoted(_ text: [UInt8]) throws(StoreError) -> String {
        let handle = try handle()
        let literal = String(decoding: text, as: UTF8.self).withCString {
            PQescapeLiteral(handle, $0, text.count)
        }
        guard let literal else { throw .conflict("a text that PostgreSQL cannot hold") }
        defer { PQfreemem(literal) }
        return String(cString: literal)
    }

    /// Bytes as SQL has them.
    func quoted(bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "'\\x\(String(decoding: text, as: UTF8.self))'::bytea"
    }
}

extension CopyOut {
    /// Signature, flags and the length of what else may stand before the first row, four bytes each but the
    /// first.
    private static let headerLength = 19

    /// Lays down all rows. Errors: the reason of an end that is none comes as the next result.
    fileprivate func take(from handle: OpaquePointer) throws(StoreError) {
        var isFirst = true
        while true {
            var start: UnsafeMutablePointer<CChar>?
            // A row at a time; the header comes with the first one, or alone.
            let count = PQgetCopyData(handle, &start, 0)
            guard count > 0, let start else { return }
            defer { PQfreemem(start) }
            var bytes = UnsafeRawBufferPointer(start: start, count: Int(count))
            if isFirst { bytes = try CopyOut.withoutHeader(bytes) }
            isFirst = false
            guard bytes.count >= 2 else { continue }
            let columns = Int16(bigEndian: bytes.loadUnaligned(as: Int16.self))
            // The end of the rows.
            if columns == -1 { continue }
            guard Int(columns) == forms.count,
                rows.add(values: UnsafeRawBufferPointer(rebasing: bytes[2...]), forms)
            else { throw .damaged("a row is not as the tables of Sendonce have it") }
        }
    }

    private static func withoutHeader(
        _ bytes: UnsafeRawBufferPointer
    ) throws(StoreError) -> UnsafeRawBufferPointer {
        guard bytes.count >= headerLength, bytes.starts(with: "PGCOPY\n".utf8) else {
            throw .failed("the server does not put out rows in binary form")
        }
        let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 15, as: Int32.self)))
        guard length >= 0, headerLength + length <= bytes.count else {
            throw .failed("the server does not put out rows in binary form")
        }
        return UnsafeRawBufferPointer(rebasing: bytes[(headerLength + length)...])
    }
}
