// What people did to a message, in sentences.
package import SendonceCore
package import SendonceStore

extension MessageProse {
    /// Every act, in its order.
    var acts: [Prose] {
        history.acts.map { act in
            "\(act.actor) \(act.kind.prose) on \(act.recordedAt) (“\(act.reason)”)."
        }
    }
}

extension ActKind {
    fileprivate var prose: Prose {
        switch self {
        case .hold: "held it"
        case .release: "released it"
        case .cancel: "cancelled it"
        case .resolveAccepted: "resolved it as accepted"
        case .resolveNotAccepted: "resolved it as not accepted, so that it may be tried again"
        case .liftFence: "put the log in force again and kept it held"
        }
    }
}

extension ActRecord {
    package var json: JSONValue {
        .facts(
            ("act", .word(kind.rawValue)),
            ("number", .count(number)),
            ("at", .time(recordedAt)),
            ("by", .text(actor)),
            ("reason", .text(reason)),
            ("request", .text(request)),
            ("commands", .count(commands)))
    }
}
