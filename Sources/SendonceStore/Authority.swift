// Where a log is in force. Of a log and its copies only one may decide and send: every claim and every
// projector transaction reads this, within itself, and is refused where it is not in force.
package import SendonceCore

/// How a database stands to its log.
package enum AuthorityState: String, CaseIterable, Sendable {
    /// Here events are decided and commands are sent. So it is, too, where nothing was ever recorded.
    case inForce = "in_force"
    /// This database receives a log from elsewhere and was not confirmed yet.
    case copy
    /// The log lives elsewhere now.
    case moved
    /// A copy that was abandoned, for ever.
    case givenUp = "given_up"
}

/// One row of `outbox_authority`: the newest one counts, the others are history.
package struct AuthorityRecord: Hashable, Sendable {
    package var state: AuthorityState
    /// Names the transfer on both sides; no two have the same name.
    package var transfer: Text
    /// The other side, in words that hold no password.
    package var place: Text
    package var actor: Text
    package var reason: Text
    /// What both sides gave when they were compared; a copy without it cannot be confirmed.
    package var digest: Digest?
    package var recordedAt: Timestamp

    package init(
        state: AuthorityState, transfer: Text, place: Text, actor: Text, reason: Text, digest: Digest? = nil,
        recordedAt: Timestamp
    ) {
        self.state = state
        self.transfer = transfer
        self.place = place
        self.actor = actor
        self.reason = reason
        self.digest = digest
        self.recordedAt = recordedAt
    }

    /// What is refused here and what to do; nil where the log is in force.
    package var refusal: String? {
        let act = "by \(actor) on \(recordedAt.shortText) (\(reason))"
        switch state {
        case .inForce: return nil
        case .copy where isImport:
            return "this log was imported from \(place) \(act), without its decisions, ledger and commands: "
                + "nothing is decided or sent here; `sendonce rebuild` makes them from the log, in a new "
                + "database"
        case .copy:
            let next =
                digest == nil
                ? "let `sendonce \(command)` end, then run `sendonce \(command) confirm`"
                : "run `sendonce \(command) confirm`"
            let kind = isRebuild ? "a rebuild from" : "a copy of"
            return "this is \(kind) the log in \(place) that is not confirmed, begun \(act): nothing is "
                + "decided or sent here; \(next)"
        case .moved:
            return "this log moved to \(place) \(act): nothing is decided or sent here; run sendonce there, "
                + "or undo it with `sendonce \(command) take-back`"
        case .givenUp:
            return "this copy of the log in \(place) was given up \(act): nothing is ever decided or sent "
                + "here; use that log, or transfer it to a new database"
        }
    }
}

extension AuthorityRecord {
    private static let importStart = "import through "

    /// What the import of a log up to this head is called where other transfers have a random name: the same
    /// file gives the same name, so that an interrupted import is known again.
    package static func importName(of head: LogHead) -> Text {
        Text("\(importStart)\(head.position) \(head.link)")
    }

    private static let rebuildStart = "rebuild "

    /// What a rebuild is called: its name says on both sides that the new database does not hold what the
    /// old one had recorded, but what follows from the log.
    package static func rebuildName(_ name: Text) -> Text { Text("\(rebuildStart)\(name)") }

    package var isRebuild: Bool { transfer.utf8.starts(with: Self.rebuildStart.utf8) }

    /// The command that began this.
    package var command: String { isRebuild ? "rebuild" : "transfer" }

    /// Whether this copy came from a file, which holds the log and nothing that was decided by it.
    package var isImport: Bool { transfer.utf8.starts(with: Self.importStart.utf8) }
}

/// The right to see where the log is in force.
package protocol AuthorityReader: Sendable {
    /// The newest record; nil if the log was never moved.
    func authority() throws(StoreError) -> AuthorityRecord?
}

extension AuthorityReader {
    /// Throws `.fenced` unless the log is in force here. What writes must look within its own transaction;
    /// this is for those who want to know beforehand.
    package func checkAuthority() throws(StoreError) {
        if let refusal = try authority()?.refusal { throw .fenced(refusal) }
    }
}
