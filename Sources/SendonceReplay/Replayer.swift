// Decides the log's events again, one after the other, as the projector decided them. It holds the right to
// read a log and nothing else; what it concludes are values.
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
    /// The type of a control event that this program does not know.
    package var unknownType: Text?

    package init(at position: Int64, _ words: String, difference: Difference? = nil, unknownType: Text? = nil)
    {
        self.position = position
        self.words = words
        self.difference = difference
        self.unknownType = unknownType
    }
}

/// Belongs to one thread.
package struct Replayer {
    let log: any LogReader
    let partition: KeyPartition
    var rules: RulesInForce?
    /// Whether activations leave the rules in force as they are: others than the recorded ones are looked at.
    var keepsRules = false
    /// Whether `keys` began with what is recorded, and not with nothing.
    var isSeeded = false
    /// What the activations' events said, oldest first.
    var activations: [Activation] = []
    package var keys: KeyTable
    /// Where each event that a producer wrote again stood first, by the position of the later one.
    package var repeats = RepeatedNames()

    package init(_ log: any LogReader, expectedKeys: Int = 0, _ partition: KeyPartition = .whole) {
        self.log = log
        self.partition = partition
        keys = KeyTable(expected: expectedKeys)
    }

    /// What follows from the event, in the order of rules and items; the winners are remembered for those
    /// after it. A control event changes what the later ones are decided by.
    package mutating func decide(_ logged: LoggedEvent) throws(Obstacle) -> [Decision] {
        if logged.event.isControl { return try act(on: logged) }
        if let repeated = repeated(at: logged.position) { return [repeated] }
        let drafts = try inForce(at: logged.position).draft(logged.event, at: logged.position)
        return settle(drafts, at: logged.position)
    }

    private func repeated(at position: Int64) -> Decision? {
        repeats.firstPosition(ofEventAt: position).map {
            Decision(position: position, reason: .repeatedEvent(of: $0))
        }
    }

    func inForce(at position: Int64) throws(Obstacle) -> RulesInForce {
        if let rules { return rules }
        throw Obstacle(
            at: position, "no rule set was in force",
            difference: Difference(
                at: position, .activation, recorded: nil,
                recomputed: "a rule set in force before the first event"))
    }

    private mutating func settle(_ drafts: [Projector.Draft], at position: Int64) -> [Decision] {
        var decisions = Projector.decide(drafts, at: position, ledger: &keys)
        if decisions.count > 1 { decisions.sort(by: Decision.precedes) }
        return decisions
    }

    /// The name under which the rule's keys stand in the ledger.
    package func scope(of rule: Text) -> Text { rules?.activation.scopes[rule] ?? rule }
}

extension Decision {
    /// The order in which decisions of one event are recorded.
    static func precedes(_ left: Decision, _ right: Decision) -> Bool {
        left.rule == right.rule ? left.item < right.item : left.rule < right.rule
    }
}
