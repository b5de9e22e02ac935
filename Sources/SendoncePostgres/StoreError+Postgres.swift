// From SQLSTATE to the closed list of how a store fails. Only the primary message and the names of what was
// violated are kept: the server's details show the values of rows.
import CLibPQ
import SendonceStore

extension StoreError {
    /// https://www.postgresql.org/docs/15/errcodes-appendix.html: the first two characters are the class.
    init(state: String, words: String) {
        let text = "\(words) (SQLSTATE \(state))"
        switch state {
        // Deadlock, serialization, lock timeout, cancelled: somebody else was in the way.
        case "40001", "40P01", "55P03", "57014", "55006": self = .busy(text)
        case "25006":
            self = .unavailable(
                "\(text); this is a standby or a read-only session: connect to the primary, for example with "
                    + "target_session_attrs=read-write")
        case "42501": self = .unavailable("\(text); schema/README.md says what each role is granted")
        case "42P01", "42703", "42883": self = .damaged("\(text); run `sendonce migrate up`")
        case "XX001", "XX002": self = .damaged(text)
        case "22021", "22P05": self = .conflict("\(text): PostgreSQL's text holds no NUL")
        default:
            switch state.prefix(2) {
            // Connection, role, resources, operator's intervention, the system below; and a transaction
            // that the server ended because it stood still.
            case "08", "28", "3D", "53", "57", "58", "25": self = .unavailable(text)
            // A value that its column cannot hold, or a constraint.
            case "22", "23": self = .conflict(text)
            default: self = .failed(text)
            }
        }
    }

    /// The failure that a result reports.
    init(_ result: OpaquePointer, of connection: OpaquePointer) {
        guard let state = StoreError.field("C", of: result) else {
            // libpq itself gives no state: the connection broke.
            self = .unavailable("the connection to the server was lost")
            return
        }
        var words = StoreError.field("M", of: result) ?? "no words"
        if let constraint = StoreError.field("n", of: result), !words.contains(constraint) {
            words += " (\(constraint))"
        }
        self.init(state: state, words: words)
    }

    /// One field of an error (PG_DIAG_ in libpq's header, where they are characters).
    private static func field(_ name: Unicode.Scalar, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, Int32(name.value)).map { String(cString: $0) }
    }
}
