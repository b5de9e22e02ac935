// What other rules would have done with the same log: numbers, words and samples.
package import SendonceCore
package import SendonceRules
package import SendonceStore

package enum WhatIfLimits {
    /// Samples of each kind, if nobody asks for another number.
    package static let samples = 5
    /// Most samples of each kind: they are kept in memory.
    package static let samplesAtMost = 10_000
}

package struct WhatIfReport: Sendable {
    /// How a message under the given rules relates to the recorded rules.
    package enum Kind: String, CaseIterable, Sendable {
        /// Only the given rules send it.
        case new
        /// Only the recorded rules send it.
        case lost
        /// Both send it, and it is not the same in some field.
        case changed
    }

    package struct Counts: Hashable, Sendable {
        package var new: Int64 = 0
        package var lost: Int64 = 0
        package var changed: Int64 = 0
        package var unchanged: Int64 = 0

        package init(new: Int64 = 0, lost: Int64 = 0, changed: Int64 = 0, unchanged: Int64 = 0) {
            self.new = new
            self.lost = lost
            self.changed = changed
            self.unchanged = unchanged
        }

        package func count(_ kind: Kind) -> Int64 {
            switch kind {
            case .new: new
            case .lost: lost
            case .changed: changed
            }
        }
    }

    /// The messages of one rule, under whatever name it had.
    package struct RuleCounts: Hashable, Sendable {
        /// Its name in the given rules; nil where they have no such rule.
        package var given: Text?
        /// Its last name in the recorded rules; nil where they never had such a rule.
        package var recorded: Text?
        package var counts: Counts

        /// Both names, as far as they differ.
        package var label: String {
            switch (given, recorded) {
            case (let given?, let recorded?) where given == recorded: given.string
            case (let given?, let recorded?): "\(given) (was \(recorded))"
            case (let given?, nil): "\(given) (new)"
            case (nil, let recorded): "\(recorded ?? "") (gone)"
            }
        }
    }

    /// Messages that only one side sends, by what each side decided. nil: no rule of this name saw the event.
    package struct ReasonCount: Hashable, Sendable {
        package var recorded: String?
        package var given: String?
        package var messages: Int64

        package init(recorded: String?, given: String?, messages: Int64) {
            self.recorded = recorded
            self.given = given
            self.messages = messages
        }
    }

    /// Messages that differ in a field; one message may stand under several.
    package struct FieldCount: Hashable, Sendable {
        package var field: RuleChange.Aspect
        package var messages: Int64

        package init(field: RuleChange.Aspect, messages: Int64) {
            self.field = field
            self.messages = messages
        }
    }

    /// A field of a changed message. Values are there where they are short texts, else nil.
    package struct Change: Hashable, Sendable {
        package var field: RuleChange.Aspect
        package var recorded: String?
        package var given: String?

        package init(field: RuleChange.Aspect, recorded: String? = nil, given: String? = nil) {
            self.field = field
            self.recorded = recorded
            self.given = given
        }
    }

    package struct Sample: Hashable, Sendable {
        package var kind: Kind
        package var position: Int64
        package var type: Text
        package var occurredAt: Timestamp
        /// As `RuleCounts.label` has it.
        package var rule: String
        /// nil where nobody wants to see whom it concerns.
        package var recipient: Text?
        package var key: Text?
        /// What each side decided: `emitted` on one of them, on both for a changed message.
        package var recorded: String?
        package var given: String?
        /// The position of the event that won the key, where a side lost it.
        package var winner: Int64?
        package var changes: [Change]
    }

    /// People, by their addresses.
    package struct Recipients: Hashable, Sendable {
        package var new: Int64 = 0
        package var lost: Int64 = 0
        package var changed: Int64 = 0
        /// Each counted once.
        package var any: Int64 = 0

        package init(new: Int64 = 0, lost: Int64 = 0, changed: Int64 = 0, any: Int64 = 0) {
            self.new = new
            self.lost = lost
            self.changed = changed
            self.any = any
        }
    }

    /// Emitted, then ended by a later event before they were due.
    package struct Ended: Hashable, Sendable {
        package var cancelled: Int64 = 0
        package var superseded: Int64 = 0

        package init(cancelled: Int64 = 0, superseded: Int64 = 0) {
            self.cancelled = cancelled
            self.superseded = superseded
        }
    }

    package struct RuleSetInForce: Hashable, Sendable {
        package var position: Int64
        package var ruleSet: Digest
    }

    /// A number that must not be exceeded.
    package struct Gate: Hashable, Sendable {
        package var kind: Kind
        package var limit: Int64

        package init(_ kind: Kind, _ limit: Int64) {
            self.kind = kind
            self.limit = limit
        }

        /// As on the command line: `max-new 0`.
        package var words: String { "max-\(kind.rawValue) \(limit)" }
    }

    /// nil where the log is empty.
    package var name: LogName?
    package var place: Text
    /// Positions that were compared; nothing where `to` lies before `from`.
    package var from: Int64
    package var to: Int64
    package var recorded: [RuleSetInForce]
    package var given: Digest
    package var file: Text
    package var counts: Counts
    package var recipients: Recipients
    package var endedRecorded: Ended
    package var endedGiven: Ended
    /// Every given rule by name, then those that are gone.
    package var rules: [RuleCounts]
    package var reasons: [ReasonCount]
    package var fields: [FieldCount]
    /// The first of each kind, in the order of `Kind` and of positions.
    package var samples: [Sample]
    package var gates: [Gate]
    package var assumptions: [String]
    /// Why not everything could be told.
    package var obstacles: [String]
    package var barriers: [String]

    /// Gates that the counts exceed.
    package var exceeded: [Gate] { gates.filter { counts.count($0.kind) > $0.limit } }

    /// `+412, -3, 7 changed, 1204 unchanged`; changed ones are left out where there are none.
    package var summary: String { counts.words }
}

extension WhatIfReport.Counts {
    package var words: String {
        let middle = changed == 0 ? "" : "\(changed) changed, "
        return "+\(new), -\(lost), \(middle)\(unchanged) unchanged"
    }
}

extension Reason {
    /// The position of the event that won the key; nil for every other reason.
    var winner: Int64? {
        switch self {
        case .duplicate(let winner), .withinWindow(let winner, _): winner
        default: nil
        }
    }
}
