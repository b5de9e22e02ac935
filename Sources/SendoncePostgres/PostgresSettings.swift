// How connections to a server are made, and how long anything may wait there.
package import SendonceCore

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

    /// What libpq gets where the connection string does not say otherwise. A server that went away without a
    /// word is noticed within half a minute.
    static let defaults: [(String, String)] = [
        ("fallback_application_name", "sendonce"), ("connect_timeout", "10"), ("keepalives_idle", "10"),
        ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "25000"),
    ]

    /// Milliseconds, as the server takes them; 0 would mean for ever.
    static func milliseconds(_ span: Span) -> Int64 { max(1, span.microseconds / 1_000) }
}
