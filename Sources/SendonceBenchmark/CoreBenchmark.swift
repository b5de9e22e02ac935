// The parts that need no store, on one thread: where the time of a batch goes when the disk is left out.
import SendonceCore
import SendonceDelivery
import SendonceJSON
import SendonceProjection
import SendonceReading
import SendonceRules
import SendonceStore

enum CoreBenchmark {
    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let events = (0..<min(sizes.coreEvents, 20_000)).map { order in
            Event(
                type: Text(Workload.eventType), payload: Array(Workload.payload(order).utf8),
                occurredAt: Timestamp(microseconds: Int64(order)))
        }
        let rounds = max(1, sizes.coreEvents / events.count)
        let count = Double(events.count * rounds)
        let parsed = try RuleFile.parse(Array(Workload.rules.utf8), fileName: "rules.yaml") { _ in nil }
        let figures = [
            ("payloads read, 3 fields", "payloads/s", try read(events, parsed.ruleSet, rounds)),
            ("log chained", "events/s", chain(events, rounds)),
            ("events decided, new keys", "events/s", decide(events, parsed.ruleSet, rounds)),
            ("requests built", "requests/s", try build(events, parsed, rounds)),
        ]
        // By the processor's time: nothing here waits.
        return figures.map { name, unit, cost in Figure(name, count / cost.processor, unit) }
    }

    private static func read(_ events: [Event], _ rules: RuleSet, _ rounds: Int) throws -> Cost {
        let reader = PayloadReader(paths: rules.payloadPaths)
        var fields = Fields(count: rules.payloadPaths.count)
        let slots = Array(rules.payloadPaths.indices)
        return try Clock.cost {
            for _ in 0..<rounds {
                for event in events { try reader.read(event.payload, slots: slots, into: &fields) }
            }
        }
    }

    private static func chain(_ events: [Event], _ rounds: Int) -> Cost {
        var head = LogHead.empty
        return Clock.cost {
            for _ in 0..<rounds {
                for event in events { head = head.adding(event) }
            }
        }
    }

    /// Each round begins with an empty ledger: every key wins.
    private static func decide(_ events: [Event], _ rules: RuleSet, _ rounds: Int) -> Cost {
        let activation = Activation(
            position: 1, ruleSet: rules.digest, scopes: [:], actor: "", reason: "",
            recordedAt: Timestamp(microseconds: 0))
        let inForce = RulesInForce(activation, rules: rules)
        return Clock.cost {
            for _ in 0..<rounds {
                var ledger = LedgerView(known: [:])
                for (place, event) in events.enumerated() {
                    let position = Int64(place + 2)
                    let drafts = inForce.draft(event, at: position)
                    _ = Projector.decide(drafts, at: position, ledger: &ledger)
                }
            }
        }
    }

    private static func build(_ events: [Event], _ parsed: ParsedRules, _ rounds: Int) throws -> Cost {
        let store = OneRuleSet(parsed)
        let builder = RequestBuilder(store: store)
        let route = ActiveRoute(
            Pipeline.route(url: "http://127.0.0.1:1"), transport: InstantTransport(), at: Clock.now())
        let rules = RulesInForce(store.recorded, rules: parsed.ruleSet)
        var ledger = LedgerView(known: [:])
        let commands = events.enumerated().compactMap { place, event in
            Projector.decide(rules.draft(event, at: Int64(place)), at: Int64(place), ledger: &ledger).first?
                .command
        }
        return try Clock.cost {
            for _ in 0..<rounds {
                for (event, command) in zip(events, commands) {
                    _ = try builder.request(for: due(command, event), over: route)
                }
            }
        }
    }

    private static func due(_ command: Command, _ event: Event) -> DueCommand {
        let gates = GateFacts(
            expiresAt: nil, cancelledBy: nil, supersededBy: nil, firstUnsureAt: nil, onUnknown: nil)
        return DueCommand(
            number: 1, command: command, event: event, gates: gates, attempts: 0, counted: 0,
            requestDigest: nil, token: 0)
    }
}

/// A store that holds one rule set.
private struct OneRuleSet: RuleSetReader {
    let files: [RuleSetFile]
    let recorded: Activation

    init(_ parsed: ParsedRules) {
        files = parsed.source.files
        recorded = Activation(
            position: 1, ruleSet: parsed.ruleSet.digest, scopes: [:], actor: "", reason: "",
            recordedAt: Timestamp(microseconds: 0))
    }

    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? { files }
    func activation() throws(StoreError) -> Activation? { recorded }
    func scopes() throws(StoreError) -> [Text: Int64] { [:] }
    func lastScopes() throws(StoreError) -> [Text: Text] { [:] }
}
