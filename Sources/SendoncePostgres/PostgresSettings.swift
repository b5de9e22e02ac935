// How connections to a server are made, and how long anything may wait there.
import CLibPQ
package import SendonceCore
package import SendonceStore

/// Where the database is, and how patient we are with it.
package struct PostgresSettings: Hashable, Sendable {
    /// As libpq reads it: `key=value` pairs, a `postgresql://` URI, or a bare database name; environment,
    /// service and password files work as in psql. May hold a password: it is never printed.
    package var connection: String
    /// How long a statement waits for a row that another transaction has locked.
    package var lockTimeout: Span
    /// How long a projector owns the log without being heard of. A transaction that stands still for so long
    /// is ended by the server, so that its locks do not outlive the lease.
    package var lease: Span

    package init(
        connection: String, lockTimeout: Span = .seconds(5), lease: Span = .seconds(10)
    ) {
        self.connection = connection
        self.lockTimeout = lockTimeout
        self.lease = lease
    }

    /// Whether a text names a server: a URI, or `key=value` pairs in whatever order. Everything else is a
    /// file; one whose name begins so is written with `./` before it.
    package static func isAddress(_ text: String) -> Bool {
        let isURI = text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
        let rest = text.drop { $0 == " " }.drop { $0.isLowercase || $0 == "_" }
        return isURI || rest.startIndex > text.startIndex && rest.drop { $0 == " " }.first == "="
    }

    /// Names the database for people: where it is, and nothing that is secret.
    ///
    /// Errors: `.unavailable` for a connection string that libpq cannot read.
    package func place() throws(StoreError) -> String { try ConnectionOptions(connection).words }

    /// Whether the connection string itself holds a password.
    package func hasPassword() throws(StoreError) -> Bool { try ConnectionOptions(connection).hasPassword }

    /// What libpq gets where the connection string does not say otherwise. A server that went away without a
    /// word is noticed within half a minute.
    static let defaults: [(String, String)] = [
        ("fallback_application_name", "sendonce"), ("connect_timeout", "10"), ("keepalives_idle", "10"),
        ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "25000"),
    ]

    /// libpq's version, for bug reports.
    package static var libraryVersionText: String {
        let version = PQlibVersion()
        return "\(version / 10_000).\(version % 10_000)"
    }

    /// Milliseconds, as the server takes them; 0 would mean for ever.
    static func milliseconds(_ span: Span) -> Int64 { max(1, span.microseconds / 1_000) }
}
