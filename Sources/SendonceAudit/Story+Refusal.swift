// The sentence for each reason for which an event sends nothing.
import SendonceCore
import SendonceStore

extension Story {
    /// Why this decision sent nothing. For an emitted one it says that it did.
    var refusal: Prose {
        let then: Prose = wasDecidedAgain ? " when it came" : ""
        let nothing: Prose = "Nothing was sent\(toWhom) for \(eventProse)\(then): "
        let rule: Prose = "rule \(decision.rule)"
        switch decision.reason {
        case .emitted: return "A command was emitted for \(eventProse)."
        case .duplicate(let winner):
            return nothing + "\(rule) sends once per key\(keyProse), for ever, and event #\(winner) won it."
        case .withinWindow(let winner, let until):
            return nothing
                + "\(rule) sends once per key\(keyProse) in its window, and event #\(winner) won it; "
                + "an event with this key may send again if it happened on \(until) or later."
        case .repeatedEvent(let first): return nothing + repetition(of: first)
        case .conditionFalse(nil): return nothing + "the condition of \(rule) is false for it."
        case .conditionFalse(let detail?):
            return nothing
                + "the condition of \(rule) could not be evaluated, and nothing is sent on a guess: "
                + "\(Text(detail))."
        case .noRule: return nothing + "no rule that was in force names the event type \(event.event.type)."
        case .keyMissing(let part):
            return nothing + "\(rule) needs \(Text(part)) for its key, and the event has no value there."
        case .keyInvalid(let part):
            return nothing
                + "\(rule) needs \(Text(part)) for its key, and what the event has there is not a text, "
                + "an integer or a boolean that can be part of a key."
        case .recipientMissing:
            return nothing + "the event has no address where \(rule) looks for the recipient."
        case .recipientInvalid(let detail):
            return nothing + "what \(rule) takes for the recipient is not an e-mail address: \(Text(detail))."
        case .paramMissing(let name):
            return nothing + "the message of \(rule) needs \(Text(name)), and the event has no value for it."
        case .payloadInvalid(let detail): return nothing + "its payload cannot be read: \(Text(detail))."
        case .cancels(let command):
            let target: Prose =
                message.map { "the e-mail of event #\($0.record.position)" } ?? "command \(command)"
            return nothing + "it is there to cancel \(target) for \(rule), key\(keyProse)."
        case .cancelsNothing:
            return nothing + "it would cancel an e-mail for \(rule), key\(keyProse), but there is none."
        case .control(let detail):
            return "\(eventProse.capitalised) sends nothing: it records an act: \(Text(detail))."
        }
    }

    private func repetition(of first: Int64) -> Prose {
        let name: Prose = event.event.id.map { " with id \($0)" } ?? ""
        let source: Prose = event.event.source.isEmpty ? "" : " from source \(event.event.source)"
        return "its producer had written an event\(name)\(source) before, event #\(first), and no rule sees "
            + "the second one. Ask about #\(first) to see what became of the first."
    }

    private var keyProse: Prose { decision.key.map { " \($0)" } ?? "" }

    /// Named where no later sentence names the same address.
    private var toWhom: Prose {
        guard let recipient = decision.recipient, recipient != message?.record.recipient else { return "" }
        return " to \(recipient)"
    }
}
