// Which rules the threads that read ahead draft by: those that the table of activations names. Whether the
// log's events say the same is judged by the thread that settles, which drafts again where they do not.
import SendonceCore
import SendonceReading
import SendonceRules
import SendonceStore

/// The activations of a log, and what its producers wrote twice.
struct PlannedRules: Sendable {
    /// Oldest first.
    var activations: [Activation]
    var repeats: RepeatedNames

    /// The activation that decides the event behind a position.
    func activation(after position: Int64) -> Activation? {
        activations.last { $0.position <= position }
    }
}

/// The drafter of one thread, which is made anew when other rules come into force.
struct PlannedDrafter {
    private let planned: PlannedRules
    private let log: any LogReader
    private var drafter: Drafter?

    init(_ planned: PlannedRules, _ log: any LogReader) {
        self.planned = planned
        self.log = log
    }

    /// Drafts the page as far as its first rules go. Where none are known, or they cannot be read, nothing:
    /// whoever settles says why.
    mutating func draft(_ page: RecordPage, after position: Int64, into drafts: Drafts) {
        drafts.removeAll()
        guard let activation = planned.activation(after: position) else { return }
        if drafter?.activation != activation {
            drafter = (try? StoredRules.load(activation.ruleSet, from: log)).map { parsed in
                let rules = parsed.ruleSet.withScopes(activation.scopes)
                return Drafter(RulesInForce(activation, rules: rules), planned.repeats)
            }
        }
        drafter?.draft(page, from: 0, into: drafts)
    }
}
