// Decides the log's events again, one after the other, as the projector decided them. It holds the right to read a
// log and nothing else; what it concludes are values.
package import SendonceCore
import SendonceReading
import SendonceRules
package import SendonceStore

/// Why the events from a position on cannot be decided again.
package struct Obstacle: Error, Hashable, Sendable {
    package var position: Int64
    package var words: String
    /// Set where what is recorded is itself wrong, and not merely unknown to this program.
    package var difference: Difference?

    package init(at position: Int64, _ words: String, difference: Difference? = nil) {
        self.position = position
        self.words = words
        self.difference = difference
    }
}

/// Belongs to one thread.
package struct Replayer {
    let log: any LogReader
    var rules: RulesInForce?
    /// What the activations' events said, oldest first.
    var activations: [Activation] = []
    package var keys = KeyTable()
    /// Where each event that a producer wrote again stood first, by the position of the later one.
    package var repeats = RepeatedNames()

    package init(_ log: any LogReader) {
        self.log = log
    }

    /// What follows from the event, in the order of rules and items; the winners are remembered for those after
    /// it. A control event changes what the later ones are decided by.
    package mutating func decide(_ logged: LoggedEvent) throws(Obstacle) -> [Decision] {
        if logged.event.isControl { return try act(on: logged) }
        if let first = repeats.firstPosition(ofEventAt: logged.position) {
            return [Decision(position: logged.position, reason: .repeatedEvent(of: first))]
        }
        guard let rules else {
            throw Obstacle(
                at: logged.position, "no rule set was in force",
                difference: Difference(
                    at: logged.position, .activation, recorded: nil,
                    recomputed: "a rule set in force before the first event"))
        }
        return Projector.decide(
            rules.draft(logged.event, at: logged.position), at: logged.position, ledger: &keys)
    }

    /// The name under which the rule's keys stand in the ledger.
    package func scope(of rule: Text) -> Text { rules?.activation.scopes[rule] ?? rule }
}
