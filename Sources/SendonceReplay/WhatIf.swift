// The same log under other rules: who would have got more, nothing, something else. Two sides decide each
// event in one pass, each with its own memory of keys.
package import SendonceCore
import SendonceReading
package import SendonceRules
package import SendonceStore

/// From where on the given rules decide.
package enum WhatIfStart: Hashable, Sendable {
    case beginning
    case position(Int64)
    /// The first event that the projector took at this time or later.
    case time(Timestamp)
}

/// What to ask.
package struct WhatIfRequest: Sendable {
    package var rules: ParsedRules
    /// The rule file's name, for people.
    package var file: Text
    package var start: WhatIfStart = .beginning
    package var samples = WhatIfLimits.samples
    /// Whether samples say whom they concern.
    package var isPersonal = true
    package var gates: [WhatIfReport.Gate] = []
    package var place: Text = ""
    package var barriers: [String] = []

    package init(rules: ParsedRules, file: Text) {
        self.rules = rules
        self.file = file
    }
}

/// One run; used once, by one thread.
///
/// Guarantee: each event is decided by the projector's own function on both sides. The recorded side is
/// decided again from the log and its activations; recorded decisions are not read. Before the start both
/// sides are the recorded rules, so that the given ones find the keys that were won.
///
/// Not guaranteed: that the log is undamaged; `Verification` says that. What gates and providers made of a
/// command is not looked at.
///
/// Memory: a page of the log, two tables of keys, 8 bytes and their share of a set for each recipient that is
/// affected, and what `EndedBeforeDue` and `RepeatedNames` state.
package struct WhatIf {
    let log: any LogReader
    let request: WhatIfRequest
    var recorded: Replayer
    var given: Replayer
    var tally: WhatIfTally
    var comparison: MessageComparison
    /// The first position that the given rules decided; nil before it is reached.
    var startedAt: Int64?
    var ruleSets: [WhatIfReport.RuleSetInForce] = []
    /// Rules of the given file that would free keys, in words.
    var freed: [String] = []
    /// Rules of the given file that no activation would accept, in words.
    var confused: [String] = []
    /// Whether `was` means the rules at the log's end, because it names none that was in force at the start.
    var namesAreOfTheEnd = false
    /// The first position of a log that does not begin with its first event.
    var firstPosition: Int64?
    /// Control events that nobody here knows: type, first position, number.
    var unknown: [(type: Text, position: Int64, count: Int64)] = []
    var obstacles: [String] = []

    package init(_ log: any LogReader, _ request: WhatIfRequest) {
        self.log = log
        self.request = request
        recorded = Replayer(log)
        given = Replayer(log)
        given.keepsRules = true
        tally = WhatIfTally(samples: request.samples, isPersonal: request.isPersonal)
        comparison = MessageComparison(given: request.rules)
    }

    /// Errors: `store` where the log cannot be read, `unfit` where the given rules cannot follow those in
    /// force.
    package mutating func run() throws(WhatIfError) -> WhatIfReport {
        do {
            let head = try log.head()
            let repeats =
                if let records = log as? any RecordReader {
                    try RepeatedNames(records, through: head.position)
                } else {
                    try RepeatedNames(inOrderOf: log, through: head.position)
                }
            recorded.repeats = repeats
            given.repeats = repeats
            try readPages(through: head.position)
            return report(try log.name(), through: head.position)
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as RuleChangeError {
            throw .unfit(error)
        } catch {
            // Nothing else is thrown above.
            throw .store(.damaged("\(error)"))
        }
    }

    private mutating func readPages(through end: Int64) throws {
        var after: Int64 = 0
        while after < end, obstacles.isEmpty {
            let page = try log.events(
                after: after, limit: VerificationLimits.pageEvents, bytes: VerificationLimits.pageBytes)
            guard let first = page.first, let last = page.last else { break }
            if after == 0 { try begin(at: first.position) }
            for logged in page where logged.position <= end && obstacles.isEmpty {
                if startedAt == nil, isStart(logged) { try start(at: logged.position) }
                do throws(Obstacle) {
                    try decide(logged)
                } catch {
                    stop(error)
                }
            }
            after = last.position
        }
        guard startedAt == nil, obstacles.isEmpty else { return }
        obstacles.append(
            end == 0
                ? "the log is empty: there is nothing to compare"
                : "the given rules were to decide from a place behind the log's end, which is \(end)")
    }

    mutating func stop(_ obstacle: Obstacle) {
        obstacles.append(
            "from position \(obstacle.position) on nothing was decided again: \(obstacle.words)")
    }

    private func isStart(_ logged: LoggedEvent) -> Bool {
        switch request.start {
        case .beginning: true
        case .position(let position): logged.position >= position
        case .time(let time): logged.recordedAt >= time
        }
    }

    // MARK: - Deciding

    private mutating func decide(_ logged: LoggedEvent) throws(Obstacle) {
        let before: [Decision]
        do throws(Obstacle) {
            before = try recorded.decide(logged)
        } catch {
            guard let type = error.unknownType else { throw error }
            noteUnknown(type, at: logged.position)
            return
        }
        if logged.event.isControl { try noteRules() }
        guard startedAt != nil else {
            for decision in before { if let command = decision.command { given.keys.add(winner: command) } }
            return
        }
        let after = try given.decide(logged)
        let time = logged.event.occurredAt
        if let rules = recorded.rules?.rules { tally.endedRecorded.add(before, at: time, under: rules) }
        if let rules = given.rules?.rules { tally.endedGiven.add(after, at: time, under: rules) }
        guard before.contains(where: { $0.command != nil }) || after.contains(where: { $0.command != nil })
        else { return }
        let pairs = MessagePairs.of(recorded: sides(before, recorded), given: sides(after, given))
        for pair in pairs {
            let changes = comparison.changes(in: pair)
            tally.add(pair, about: logged, changes)
        }
    }

    private func sides(_ decisions: [Decision], _ side: Replayer) -> [SideDecision] {
        decisions.map { decision in
            SideDecision(
                scope: decision.rule.isEmpty ? nil : side.scope(of: decision.rule), decision: decision)
        }
    }

    private mutating func noteUnknown(_ type: Text, at position: Int64) {
        if let place = unknown.firstIndex(where: { $0.type == type }) {
            unknown[place].count += 1
        } else {
            unknown.append((type, position, 1))
        }
    }
}

package enum WhatIfError: Error, Sendable {
    case store(StoreError)
    /// The given rules cannot be activated after those in force.
    case unfit(RuleChangeError)
}

extension KeyTable {
    /// Remembers that a command won its key.
    mutating func add(winner command: Command) {
        add(
            Winner(
                position: command.position, occurredAt: command.occurredAt, slot: command.slot,
                generation: command.generation, command: command.id), key: command.key.digest)
    }
}
