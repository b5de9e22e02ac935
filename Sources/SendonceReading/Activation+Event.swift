// An activation as an event of the log: what its payload says, and what its decision says that it did.
// Written by whoever activates, recomputed by replay.
package import SendonceCore
import SendonceJSON
package import SendonceStore

extension Activation {
    /// The payload of the activation's event: all that a replay needs besides the rule set's files.
    package var payload: String {
        let ordered = scopes.keys.sorted().map { name in
            JSONMember(name, .string(scopes[name] ?? name))
        }
        let members = [
            JSONMember("rule_set", .string(Text(ruleSet.description))),
            JSONMember("scopes", .object(ordered)),
            JSONMember("actor", .string(actor)), JSONMember("reason", .string(reason)),
        ]
        return JSONValue.object(members).jsonText
    }

    /// What the log's decision says that the activation did.
    package static func words(_ ruleSet: RuleSet) -> String {
        let short = String(ruleSet.digest.description.prefix(12))
        let count = ruleSet.rules.count
        return "rule set \(short) with \(count) \(count == 1 ? "rule" : "rules") is in force"
    }

    /// Reads an activation back from its event; nil if the payload does not say what an activation says.
    package init?(_ logged: LoggedEvent) {
        guard logged.event.type == Event.activationType,
            let payload = try? PayloadReader.document(logged.event.payload),
            case .string(let name)? = payload.member("rule_set"),
            let ruleSet = Digest(hexadecimal: name.string),
            case .object(let members)? = payload.member("scopes"),
            case .string(let actor)? = payload.member("actor"),
            case .string(let reason)? = payload.member("reason")
        else { return nil }
        var scopes: [Text: Text] = [:]
        for member in members {
            guard case .string(let scope) = member.value else { return nil }
            scopes[member.name] = scope
        }
        self.init(
            position: logged.position, ruleSet: ruleSet, scopes: scopes, actor: actor, reason: reason,
            recordedAt: logged.recordedAt)
    }
}
