// The checks before an attempt, over every combination of facts.
import SendonceCore
import Testing

@Suite struct GateTests {
    static let now = Timestamp(microseconds: 1_000_000_000_000)
    static let window = KeyWindow(length: .minutes(15), margin: .minutes(5))
    static let capabilities: [Capability] = [.replay(window), .refuse(window), .idempotent, .none]

    /// Times before, at and after `now`, and around the end of the key's window.
    static let times: [Timestamp?] = {
        let offsets: [Int64] = [
            -86_400_000_000, -900_000_000, -600_000_000, -599_999_999, -1, 0, 1, 300_000_000, 86_400_000_000,
        ]
        return [nil] + offsets.map { now + Span(microseconds: $0) }
    }()

    static let facts: [GateFacts] = {
        var facts: [GateFacts] = []
        for expiresAt in times {
            for unsure in times {
                for cancelled: Int64? in [nil, 7] {
                    for superseded: Int64? in [nil, 8] {
                        for onUnknown in [nil] + OnUnknown.allCases {
                            facts.append(
                                GateFacts(
                                    expiresAt: expiresAt, cancelledBy: cancelled, supersededBy: superseded,
                                    firstUnsureAt: unsure, onUnknown: onUnknown))
                        }
                    }
                }
            }
        }
        return facts
    }()

    @Test("A command that may have been sent is never finished by a gate")
    func unsureIsNeverFinished() {
        for facts in Self.facts where facts.firstUnsureAt != nil {
            for capability in Self.capabilities {
                if case .finish = facts.check(at: Self.now, capability: capability) {
                    Issue.record("\(facts) \(capability)")
                }
            }
        }
    }

    @Test("Cancelled, superseded and expired commands never open, in this order of reasons")
    func ended() {
        for facts in Self.facts {
            let isExpired = facts.expiresAt.map { Self.now >= $0 } ?? false
            guard facts.cancelledBy != nil || facts.supersededBy != nil || isExpired else { continue }
            for capability in Self.capabilities {
                let answer = facts.check(at: Self.now, capability: capability)
                if facts.firstUnsureAt != nil {
                    #expect(answer == .hold(.unknownOutcome))
                } else if facts.cancelledBy != nil {
                    #expect(answer == .finish(.cancelled, cause: 7))
                } else if facts.supersededBy != nil {
                    #expect(answer == .finish(.superseded, cause: 8))
                } else {
                    #expect(answer == .finish(.expired, cause: nil))
                }
            }
        }
    }

    @Test("After an unknown outcome a gate opens only inside the key's window, unless the rule says retry")
    func window() {
        for facts in Self.facts where facts.onUnknown != .retry {
            for capability in Self.capabilities {
                guard case .open(let until) = facts.check(at: Self.now, capability: capability),
                    let unsure = facts.firstUnsureAt
                else { continue }
                let safe = capability.safeUntil(firstUnsureAt: unsure)
                #expect(safe.map { Self.now < $0 } == true, "\(facts) \(capability)")
                #expect(safe.flatMap { safe in until.map { $0 <= safe } } == true, "\(facts) \(capability)")
            }
        }
    }

    @Test("What is open stays open no longer than the command lives")
    func untilExpiry() {
        for facts in Self.facts {
            for capability in Self.capabilities {
                guard case .open(let until) = facts.check(at: Self.now, capability: capability) else {
                    continue
                }
                if let expiresAt = facts.expiresAt {
                    #expect(until.map { Self.now < $0 && $0 <= expiresAt } == true)
                } else if facts.firstUnsureAt == nil {
                    #expect(until == nil)
                }
            }
        }
    }
}
