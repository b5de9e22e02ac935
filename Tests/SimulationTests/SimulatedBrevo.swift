// The provider in virtual time: what it accepted, which keys it remembers, and how it misbehaves on request.
import SendonceCore
import SendonceDelivery

/// What happens to one request, drawn before it leaves.
enum Treatment: CaseIterable {
    /// Judged by its key and answered.
    case proper
    /// Accepted where the key allows it, and the answer never comes.
    case acceptAndVanish
    /// Accepted where the key allows it, and answered with 500.
    case acceptAndFail
    /// Accepted where the key allows it, and the answer's body is cut off.
    case acceptAndCut
    case fail, throttle, reject, inProgress, noCredit, wrongKey
    /// Arrives and is dropped without a word.
    case ignore
    /// Lost on the way after it was handed over whole.
    case lost
    /// Only a part of the body leaves.
    case cutBody
    /// No connection comes about.
    case refused
}

/// What the provider says, as far as it says anything.
struct ProviderReply {
    var status: Int
    var headers: [Header] = []
    var body: [UInt8]
    /// Whether the body arrives whole.
    var isWhole = true
}

/// Accepts at most one message for a key within the key's life, as Brevo promises.
struct SimulatedBrevo {
    /// How long a key is remembered; Brevo's older documents say 15 minutes.
    static let keyLife = Span.minutes(15)

    /// Times at which a message was accepted under each key.
    private(set) var acceptances: [String: [Timestamp]] = [:]

    /// Judges a request that arrived; nil where no answer goes back.
    mutating func receive(key: String, at now: Timestamp, _ treatment: Treatment) -> ProviderReply? {
        switch treatment {
        case .proper: return accept(key, at: now)
        case .acceptAndVanish:
            _ = accept(key, at: now)
            return nil
        case .acceptAndFail:
            _ = accept(key, at: now)
            return refusal(500, "internal_error")
        case .acceptAndCut:
            var reply = accept(key, at: now)
            reply.body = Array(reply.body.prefix(9))
            reply.isWhole = false
            return reply
        case .fail: return refusal(500, "internal_error")
        case .throttle: return refusal(429, "too_many_requests", [Header("retry-after", "7")])
        case .reject: return refusal(400, "invalid_parameter")
        case .inProgress: return refusal(409, "duplicate_request")
        case .noCredit: return refusal(402, "not_enough_credits")
        case .wrongKey: return refusal(401, "unauthorized")
        case .ignore, .lost, .cutBody, .refused: return nil
        }
    }

    private mutating func accept(_ key: String, at now: Timestamp) -> ProviderReply {
        if let last = acceptances[key]?.last, now - last < SimulatedBrevo.keyLife {
            return refusal(400, "duplicate_parameter")
        }
        acceptances[key, default: []].append(now)
        return ProviderReply(
            status: 201, body: Array("{\"messageId\":\"<\(now.microseconds)@brevo.test>\"}".utf8))
    }

    private func refusal(_ status: Int, _ code: String, _ headers: [Header] = []) -> ProviderReply {
        ProviderReply(
            status: status, headers: headers,
            body: Array("{\"code\":\"\(code)\",\"message\":\"simulated\"}".utf8))
    }
}
