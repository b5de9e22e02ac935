// A decision's reason as the columns of a table, the same on every store.
package import SendonceCore

/// A reason's associated values as the columns `winner`, `until`, `detail` and `command`, and back.
package struct ReasonColumns {
    package var winner: Int64?
    package var until: Timestamp?
    package var detail: String?
    package var command: CommandID?

    package init(_ reason: Reason, command: CommandID?) {
        switch reason {
        case .emitted: self.command = command
        case .duplicate(let winner): self.winner = winner
        case .withinWindow(let winner, let until):
            self.winner = winner
            self.until = until
        case .repeatedEvent(let position): winner = position
        case .conditionFalse(let detail): self.detail = detail
        case .noRule, .recipientMissing, .cancelsNothing: break
        case .keyMissing(let part), .keyInvalid(let part): detail = part
        case .recipientInvalid(let detail), .payloadInvalid(let detail), .control(let detail):
            self.detail = detail
        case .paramMissing(let name): detail = name
        case .cancels(let command): self.command = command
        }
    }

    package init(winner: Int64?, until: Timestamp?, detail: String?, command: CommandID?) {
        self.winner = winner
        self.until = until
        self.detail = detail
        self.command = command
    }

    package func reason(word: String) throws(StoreError) -> Reason {
        switch word {
        case "emitted": return .emitted
        case "condition_false": return .conditionFalse(detail: detail)
        case "no_rule": return .noRule
        case "recipient_missing": return .recipientMissing
        case "cancels_nothing": return .cancelsNothing
        case "duplicate": if let winner { return .duplicate(winner: winner) }
        case "within_window": if let winner, let until { return .withinWindow(winner: winner, until: until) }
        case "repeated_event": if let winner { return .repeatedEvent(of: winner) }
        case "key_missing": if let detail { return .keyMissing(part: detail) }
        case "key_invalid": if let detail { return .keyInvalid(part: detail) }
        case "recipient_invalid": if let detail { return .recipientInvalid(detail: detail) }
        case "param_missing": if let detail { return .paramMissing(name: detail) }
        case "payload_invalid": if let detail { return .payloadInvalid(detail: detail) }
        case "control": if let detail { return .control(detail: detail) }
        case "cancels": if let command { return .cancels(command: command) }
        default: break
        }
        throw .damaged("a decision with the reason '\(word)' lacks what belongs to it")
    }
}
