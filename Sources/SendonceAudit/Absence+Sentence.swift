// Absence in sentences: what was never there, and what may have been meant.
import SendonceCore

extension Absence {
    package var sentence: Prose {
        switch self {
        case .eventNeverAppended(let id):
            "No event with the id \(id) was ever appended to this log. \(Self.rollback)"
        case .positionBeyondLog(let position, 0): "There is no event #\(position): the log is still empty."
        case .positionBeyondLog(let position, let last):
            "There is no event #\(position): the log ends at #\(last)."
        case .subjectNeverAppended(let subject):
            "No event with the subject \(subject) was ever appended to this log. \(Self.rollback)"
        case .commandUnknown(let id): "No command has the id \(id)."
        case .providerMessageUnknown(let id): "No message was accepted under the provider's message id \(id)."
        case .keyPartUnknown(let part, []):
            "No key has the part \(part): no message was ever emitted for it."
        case .keyPartUnknown(let part, let similar):
            "No key has the part \(part); \(Self.resembling(similar))."
        case .keySearchPartial(let part, let read):
            "As the first part of a key \(part) was looked for everywhere; as a later part only in the "
                + "newest \(read) keys."
        case .recipientUnknown(let address, let similar): Self.unknown(address, similar)
        case .recipientNotAnAddress(let text):
            "\(text) is not an e-mail address, so nothing can have been sent to it."
        case .nothingPassesFilter(let recipient):
            "There are messages or decisions about \(recipient), but none that fits the rest of the question."
        case .olderUnread(let recipient, let read):
            "Of the messages to \(recipient) and the events that were refused for it only the newest \(read) "
                + "of each were looked at, so an older one may fit: ask by its order number, its event id or "
                + "its position."
        case .typeNeverAppended(let type):
            "No event of the type \(type) was ever appended to this log. \(Self.rollback)"
        case .typeWithoutRule(let type, let latest):
            "Events of the type \(type) are in the log, but no rule named that type when the latest, "
                + "#\(latest), was decided."
        case .notYetDecided(let matches): Self.waiting(matches)
        case .intakeTooLong(let rows, let read):
            "The intake holds \(rows) events that are committed and not decided yet; only the oldest "
                + "\(read) were looked through. See that `sendonce run` is running."
        case .questionEmpty: "Nothing was asked."
        }
    }

    /// The word of the kind of absence in JSON.
    package var word: String {
        switch self {
        case .eventNeverAppended, .subjectNeverAppended: "never_appended"
        case .positionBeyondLog: "position_beyond_log"
        case .commandUnknown: "command_unknown"
        case .providerMessageUnknown: "provider_message_unknown"
        case .keyPartUnknown: "key_part_unknown"
        case .keySearchPartial: "key_search_partial"
        case .recipientUnknown: "recipient_unknown"
        case .recipientNotAnAddress: "recipient_not_an_address"
        case .nothingPassesFilter: "nothing_passes_filter"
        case .olderUnread: "older_unread"
        case .typeNeverAppended: "type_never_appended"
        case .typeWithoutRule: "type_without_rule"
        case .notYetDecided: "not_yet_decided"
        case .intakeTooLong: "intake_too_long"
        case .questionEmpty: "question_empty"
        }
    }

    private static let rollback: Prose = "An event whose transaction was rolled back leaves no trace."

    private static func resembling(_ similar: [Text]) -> Prose {
        let list = Prose.joined(similar.map { text -> Prose in "\(text)" }, by: ", ")
        return similar.count == 1 ? "this is similar: \(list)" : "these are similar: \(list)"
    }

    private static func unknown(_ address: Text, _ similar: [Text]) -> Prose {
        let start: Prose = "No message to \(address) is recorded, and no event that was refused for it"
        guard !similar.isEmpty else {
            return start
                + ". An event that lost its key to a message for another address is found by that key."
        }
        let before: Prose = similar.count == 1 ? "this spelling is" : "these spellings are"
        let list = Prose.joined(similar.map { text -> Prose in "\(text)" }, by: ", ")
        return start + "; but \(before) known: \(list). "
            + "Upper and lower case before the at sign make two recipients."
    }

    private static func waiting(_ matches: [IntakeMatch]) -> Prose {
        let sentences = matches.map { match -> Prose in
            let name: Prose = match.id.map { " with the id \($0)" } ?? ""
            let happened: Prose = "which happened on \(match.occurredAt),"
            let state: Prose = "is committed, but not decided yet: it waits in the intake."
            return match.isNamed
                ? "An event\(name) (\(match.type)), \(happened) \(state)"
                : "An event\(name) (\(match.type)) that mentions what was asked, \(happened) \(state)"
        }
        return Prose.joined(sentences) + " If that lasts, see that `sendonce run` is running."
    }
}
