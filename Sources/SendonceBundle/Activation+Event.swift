// An activation, read back from the event that records it.
import SendonceCore
import SendonceJSON
import SendonceStore

extension Activation {
    /// - Parameter event: one of type `Event.activationType`.
    init(recordedBy event: LoggedEvent) throws(LineMistake) {
        let payload: JSONValue
        do throws(PayloadDefect) {
            payload = try PayloadReader.document(event.event.payload)
        } catch {
            throw LineMistake("position \(event.position) is an activation, but \(error.description)")
        }
        guard case .object(let members)? = payload.member("scopes") else {
            throw LineMistake("position \(event.position) is an activation without scopes")
        }
        var scopes: [Text: Text] = [:]
        for member in members {
            guard case .string(let scope) = member.value else {
                throw LineMistake("position \(event.position): the scope of \(member.name) is not a text")
            }
            scopes[member.name] = scope
        }
        self.init(
            position: event.position, ruleSet: try payload.digest("rule_set"), scopes: scopes,
            actor: try payload.text("actor"), reason: try payload.text("reason"),
            recordedAt: event.recordedAt)
    }
}
