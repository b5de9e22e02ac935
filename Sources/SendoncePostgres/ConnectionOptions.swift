// A connection string as libpq takes it apart. Its password must not come out again in any words.
import CLibPQ
import SendonceStore

struct ConnectionOptions {
    private let text: String
    private var password: String?
    private var hosts: String?
    private var hasTarget = false
    private var database: String?
    private var port: String?
    private var service: String?

    /// Errors: `.unavailable` for a text that libpq cannot read. libpq's words on that quote the text, so
    /// ours stand instead.
    init(_ text: String) throws(StoreError) {
        self.text = text
        // A bare name is a database, as for psql.
        guard text.contains("=") || text.contains("://") else {
            database = text
            return
        }
        var words: UnsafeMutablePointer<CChar>?
        defer { PQfreemem(words) }
        guard let options = PQconninfoParse(text, &words) else {
            throw .unavailable(
                "the connection string cannot be read: give `key=value` pairs or a postgresql:// URI, in "
                    + "which special characters of a password are written as %40 (@), %2F (/), %3A (:)")
        }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            let value = option.pointee.val.map { String(cString: $0) }
            switch String(cString: keyword) {
            case "password": password = value
            case "host": hosts = value
            case "dbname": database = value
            case "port": port = value
            case "service": service = value
            case "target_session_attrs": hasTarget = value != nil
            default: break
            }
            option += 1
        }
        // Else a part of the password would be looked up, and printed, as a host.
        if hosts?.contains("@") == true {
            throw .unavailable("an @ in the user name or password of a connection URI is written as %40")
        }
    }

    var hasPassword: Bool { password != nil }

    /// Names the database for people, with nothing that is secret.
    var words: String {
        let parts = [
            service.map { "service \($0)" }, database.map { "database \($0)" }, hosts.map { "on \($0)" },
            port.map { "port \($0)" },
        ]
        let known = parts.compactMap(\.self).joined(separator: " ")
        return "PostgreSQL" + (known.isEmpty ? "" : " " + known)
    }

    /// Errors: `.unavailable` with libpq's words.
    func connect() throws(StoreError) -> OpaquePointer {
        var pairs = PostgresSettings.defaults
        // Of several hosts, the one that can be written.
        if !hasTarget, hosts?.contains(",") == true { pairs.append(("target_session_attrs", "read-write")) }
        // What stands before the text yields to it, what stands behind it does not.
        pairs.append(("dbname", text))
        pairs.append(("client_encoding", "UTF8"))
        let handle = ConnectionOptions.connect(pairs)
        guard let handle else { throw .unavailable("no memory for a connection") }
        guard PQstatus(handle) == CONNECTION_OK else {
            defer { PQfinish(handle) }
            var words = String(cString: PQerrorMessage(handle)).trimmingSuffix(while: \.isWhitespace)
            if let password, !password.isEmpty { words = words.replacing(password, with: "…") }
            throw .unavailable("cannot connect: \(words)")
        }
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        return handle
    }

    private static func connect(_ pairs: [(String, String)]) -> OpaquePointer? {
        let (keywords, values) = (
            pairs.map { Array($0.0.utf8CString) }, pairs.map { Array($0.1.utf8CString) }
        )
        let bytes = (keywords + values).flatMap(\.self)
        return bytes.withUnsafeBufferPointer { buffer in
            var place = buffer.baseAddress
            /// Pointers to the texts, which stand one behind the other, and the NULL that ends the list.
            func pointers(_ texts: [[CChar]]) -> [UnsafePointer<CChar>?] {
                texts.map { text in
                    defer { place = place.map { $0 + text.count } }
                    return place
                } + [nil]
            }
            return PQconnectdbParams(pointers(keywords), pointers(values), 1)
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return String(text)
    }

    /// Every occurrence exchanged, byte by byte.
    fileprivate func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
