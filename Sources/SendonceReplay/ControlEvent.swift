// Events that only Sendonce writes, and what each does to the decisions after it. A new kind is one more case
// here, and nowhere else in replay.
import SendonceCore
import SendonceJSON
import SendonceReading
import SendonceRules
import SendonceStore

/// A control event, read.
enum ControlEvent {
    case activation(Activation)
    case backfill(Backfill)

    init(_ logged: LoggedEvent) throws(Obstacle) {
        switch logged.event.type {
        case Event.activationType:
            guard let activation = Activation(logged) else {
                throw Obstacle(
                    at: logged.position, "the activation's payload cannot be read",
                    difference: Difference(
                        at: logged.position, .activation, columns: ["payload"],
                        recorded: String(decoding: logged.event.payload.prefix(200), as: UTF8.self),
                        recomputed: "a payload that names a rule set"))
            }
            self = .activation(activation)
        case Event.backfillType:
            guard let part = Backfill(payload: logged.event.payload) else {
                throw Obstacle(
                    at: logged.position, "the backfill's payload cannot be read",
                    difference: Difference(
                        at: logged.position, .decision, columns: ["payload"],
                        recorded: String(decoding: logged.event.payload.prefix(200), as: UTF8.self),
                        recomputed: "a payload that names a rule and past events"))
            }
            self = .backfill(part)
        default:
            throw Obstacle(
                at: logged.position,
                "an event of the type \(logged.event.type) changes decisions in a way that this program does "
                    + "not know: use a newer sendonce-replay", unknownType: logged.event.type)
        }
    }
}

extension Replayer {
    /// Does what a control event says, and gives its decisions.
    mutating func act(on logged: LoggedEvent) throws(Obstacle) -> [Decision] {
        switch try ControlEvent(logged) {
        case .activation(let activation):
            guard !keepsRules else { return [] }
            activations.append(activation)
            let rules = try load(activation)
            self.rules = rules
            return [
                Decision(
                    position: logged.position, reason: .control(detail: Activation.words(rules.rules)))
            ]
        case .backfill(let part): return try decide(part, at: logged.position)
        }
    }

    /// Brings the rule set of an activation into force for the events after it.
    func load(_ activation: Activation) throws(Obstacle) -> RulesInForce {
        let files: [RuleSetFile]?
        do throws(StoreError) {
            files = try log.ruleSetFiles(activation.ruleSet)
        } catch {
            throw Obstacle(at: activation.position, error.description)
        }
        func wrong(_ recorded: String?) -> Obstacle {
            Obstacle(
                at: activation.position,
                "the rule set \(activation.ruleSet) is not what was activated",
                difference: Difference(
                    at: activation.position, .ruleSet, columns: ["digest"], recorded: recorded,
                    recomputed: activation.ruleSet.description))
        }
        guard let files else { throw wrong(nil) }
        do {
            let parsed = try StoredRules.parse(files, digest: activation.ruleSet)
            return RulesInForce(activation, rules: parsed.ruleSet.withScopes(activation.scopes))
        } catch {
            guard let source = RuleSource(files: files) else { throw wrong(error.description) }
            guard source.digest == activation.ruleSet else { throw wrong(source.digest.description) }
            // The very text that was activated, and yet unreadable: a program of another version wrote it.
            throw Obstacle(at: activation.position, error.description)
        }
    }
}
