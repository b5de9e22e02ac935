// One connection to the server: made, judged, and closed with its owner.
import CLibPQ
import SendonceCore
import SendonceStore

/// Owns a libpq connection. Used by one thread at a time.
final class Connection {
    let handle: OpaquePointer
    /// The server's clock minus ours when the connection was made.
    let clockOffset: ClockOffset?

    /// Connects, and refuses a server on which Sendonce must not run.
    ///
    /// Errors: `.unavailable`, with words that never hold the password.
    init(_ settings: PostgresSettings, isChecked: Bool = true) throws(StoreError) {
        let options = try ConnectionOptions(settings.connection)
        handle = try options.connect()
        do throws(StoreError) {
            clockOffset = isChecked ? try Connection.check(handle) : nil
        } catch {
            PQfinish(handle)
            throw error
        }
    }

    deinit {
        PQfinish(handle)
    }

    var isAlive: Bool { PQstatus(handle) == CONNECTION_OK }
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Oldest major version that has everything we use.
    private static let oldestVersion: Int64 = 120_000

    private static func check(_ handle: OpaquePointer) throws(StoreError) -> ClockOffset {
        let sql = """
            SELECT pg_is_in_recovery(), current_setting('server_version_num')::bigint,
                current_setting('server_encoding'), clock_timestamp()
            """
        let asked = ContinuousClock.now
        let rows = try Statement(sql).rows(on: handle)
        guard let row = rows.first else { throw .unavailable("the server does not say what it is") }
        let offset = ClockOffset(server: row.instant(3), between: asked, and: .now)
        if row.boolean(0) {
            throw .unavailable(
                "the server is a hot standby, which can only be read: connect to the primary, for example "
                    + "with several hosts and target_session_attrs=read-write")
        }
        if row.integer(1) < oldestVersion {
            throw .unavailable(
                "the server is PostgreSQL \(row.integer(1) / 10_000): 12 or newer is needed")
        }
        let encoding = row.text(2).string
        if encoding != "UTF8" {
            throw .unavailable(
                "the database has the encoding \(encoding), which does not keep every text as it was "
                    + "written: create one with `createdb -E UTF8 -T template0 NAME`")
        }
        return offset
    }
}

/// How the server's clock stands to our monotonic one.
struct ClockOffset: Sendable {
    private let server: Timestamp
    let measured: ContinuousClock.Instant

    /// The server read its clock at some moment between the two: half way, for want of better knowledge.
    init(
        server: Timestamp, between asked: ContinuousClock.Instant, and answered: ContinuousClock.Instant
    ) {
        self.server = server
        measured = asked + (answered - asked) / 2
    }

    var now: Timestamp { server + Span(measured.duration(to: .now)) }
}

extension Span {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}
