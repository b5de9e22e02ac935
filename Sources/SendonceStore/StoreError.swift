// How a store fails. Closed, so that every shell decides in one switch what to do about each.

package import SendonceCore

package enum StoreError: Error, Hashable, Sendable {
    /// Another process holds the database and did not let go in time. Nothing was changed; try again.
    case busy(String)
    /// No space left, read-only, I/O error: nothing was changed; nothing may be sent until it works again.
    case unavailable(String)
    /// The file is not a Sendonce database, or was changed by hand. A person must look.
    case damaged(String)
    /// The schema is older than this program: run `sendonce migrate up`.
    case schemaTooOld(found: Int, needed: Int)
    /// The schema is newer than this program: use a newer program. Nothing was changed.
    case schemaFromTheFuture(found: Int, known: Int)
    /// What the caller asked for contradicts what is recorded; the words name it.
    case conflict(String)
    /// Another process projects, and its lease lasts for so long unless it is renewed: nothing was done, and
    /// nothing is wrong. Only stores that many hosts use say so.
    case standby(remaining: Span)
    /// The log is not in force in this database: it moved, or this is a copy that nobody confirmed. Nothing
    /// was done; the words say where it is and what to do.
    case fenced(String)
    /// A statement failed in a way that no case above covers: a defect.
    case failed(String)

    package var description: String {
        switch self {
        case .busy(let words): "the database is busy: \(words)"
        case .unavailable(let words): "the database cannot be written: \(words)"
        case .damaged(let words): "the database is damaged: \(words)"
        case .schemaTooOld(let found, let needed):
            "the database has schema version \(found), this program needs \(needed): "
                + "run `sendonce migrate up`"
        case .schemaFromTheFuture(let found, let known):
            "the database has schema version \(found), this program knows up to \(known): "
                + "use a newer sendonce"
        case .conflict(let words): words
        case .standby(let remaining):
            "another process projects; its lease lasts for \(remaining.description) more"
        case .fenced(let words): words
        case .failed(let words): "a statement failed: \(words)"
        }
    }
}
