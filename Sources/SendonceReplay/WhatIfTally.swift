// The numbers of a comparison as they grow, and the first messages of each kind.
import SendonceCore
import SendonceRules

struct WhatIfTally {
    typealias Report = WhatIfReport

    let sampleLimit: Int
    let isPersonal: Bool
    var endedRecorded = EndedBeforeDue()
    var endedGiven = EndedBeforeDue()
    private var counts: [Text: Report.Counts] = [:]
    /// By scope.
    private var givenNames: [Text: Text] = [:]
    private var recordedNames: [Text: Text] = [:]
    private var reasons: [ReasonPair: Int64] = [:]
    private var fields: [RuleChange.Aspect: Int64] = [:]
    /// A sample's rule is its scope, until all names are known.
    private var samples: [Report.Kind: [Report.Sample]] = [:]
    /// 64 bits of the address's digest for each person.
    private var people: [Report.Kind: Set<UInt64>] = [:]

    private struct ReasonPair: Hashable {
        var recorded: String?
        var given: String?
    }

    init(samples: Int, isPersonal: Bool) {
        sampleLimit = samples
        self.isPersonal = isPersonal
    }

    mutating func nameGiven(_ rules: RuleSet) {
        for rule in rules.rules { givenNames[rule.scope] = rule.name }
    }

    /// A later name takes the place of an earlier one.
    mutating func nameRecorded(_ rules: RuleSet) {
        for rule in rules.rules { recordedNames[rule.scope] = rule.name }
    }

    // MARK: - Counting

    mutating func add(_ pair: MessagePair, about logged: LoggedEvent, _ changes: [Report.Change]) {
        switch (pair.recorded, pair.given) {
        case (nil, let command?):
            counts[pair.scope, default: Report.Counts()].new += 1
            add(.new, pair, command, logged, [])
        case (let command?, nil):
            counts[pair.scope, default: Report.Counts()].lost += 1
            add(.lost, pair, command, logged, [])
        case (let before?, let after?):
            guard !changes.isEmpty else {
                counts[pair.scope, default: Report.Counts()].unchanged += 1
                return
            }
            counts[pair.scope, default: Report.Counts()].changed += 1
            for change in changes { fields[change.field, default: 0] += 1 }
            if before.recipient != after.recipient { count(before.recipient, .changed) }
            add(.changed, pair, after, logged, changes)
        case (nil, nil): break
        }
    }

    private mutating func add(
        _ kind: Report.Kind, _ pair: MessagePair, _ command: Command, _ logged: LoggedEvent,
        _ changes: [Report.Change]
    ) {
        count(command.recipient, kind)
        let emitted = Reason.emitted.word
        let before = pair.recorded == nil ? pair.insteadOfRecorded?.word : emitted
        let after = pair.given == nil ? pair.insteadOfGiven?.word : emitted
        if kind != .changed { reasons[ReasonPair(recorded: before, given: after), default: 0] += 1 }
        guard samples[kind, default: []].count < sampleLimit else { return }
        samples[kind, default: []].append(
            Report.Sample(
                kind: kind, position: logged.position, type: logged.event.type,
                occurredAt: logged.event.occurredAt, rule: pair.scope.string,
                recipient: isPersonal ? Text(command.recipient.description) : nil,
                key: isPersonal ? command.key.text : nil, recorded: before, given: after,
                winner: (pair.insteadOfRecorded ?? pair.insteadOfGiven)?.winner,
                changes: changes.map { isPersonal ? $0 : $0.impersonal }))
    }

    private mutating func count(_ recipient: EmailAddress, _ kind: Report.Kind) {
        var builder = DigestBuilder()
        builder.addPart(recipient.description)
        let name = builder.digest().withBytes { $0.loadUnaligned(as: UInt64.self) }
        people[kind, default: []].insert(name)
    }

    // MARK: - Results

    var total: Report.Counts {
        counts.values.reduce(into: Report.Counts()) { sum, part in
            sum.new += part.new
            sum.lost += part.lost
            sum.changed += part.changed
            sum.unchanged += part.unchanged
        }
    }

    /// Every given rule by name, then the recorded ones that are gone.
    var rules: [Report.RuleCounts] {
        let scopes = Set(givenNames.keys).union(recordedNames.keys)
        let all = scopes.map { scope in
            Report.RuleCounts(
                given: givenNames[scope], recorded: recordedNames[scope],
                counts: counts[scope] ?? Report.Counts())
        }
        return all.sorted { left, right in
            switch (left.given, right.given) {
            case (let left?, let right?): left < right
            case (nil, nil): (left.recorded ?? "") < (right.recorded ?? "")
            case (let given, _): given != nil
            }
        }
    }

    /// In the order of the closed list of reasons, on the recorded side first.
    var reasonCounts: [Report.ReasonCount] {
        let words: [String?] = [nil] + Reason.words.map { $0 }
        return words.flatMap { before in
            words.compactMap { after in
                reasons[ReasonPair(recorded: before, given: after)].map {
                    Report.ReasonCount(recorded: before, given: after, messages: $0)
                }
            }
        }
    }

    var fieldCounts: [Report.FieldCount] {
        RuleChange.Aspect.allCases.compactMap { field in
            fields[field].map { Report.FieldCount(field: field, messages: $0) }
        }
    }

    var recipients: Report.Recipients {
        let all = Report.Kind.allCases.reduce(into: Set<UInt64>()) { $0.formUnion(people[$1] ?? []) }
        func number(_ kind: Report.Kind) -> Int64 { Int64(people[kind]?.count ?? 0) }
        return Report.Recipients(
            new: number(.new), lost: number(.lost), changed: number(.changed), any: Int64(all.count))
    }

    var sampleList: [Report.Sample] {
        Report.Kind.allCases.flatMap { samples[$0] ?? [] }.map { sample in
            let scope = Text(sample.rule)
            var named = sample
            named.rule =
                Report.RuleCounts(
                    given: givenNames[scope], recorded: recordedNames[scope], counts: Report.Counts()
                ).label
            return named
        }
    }
}

extension WhatIfReport.Change {
    /// Without values that say whom it concerns.
    fileprivate var impersonal: WhatIfReport.Change {
        switch field {
        case .to, .oncePer: WhatIfReport.Change(field: field, recorded: nil, given: nil)
        default: self
        }
    }
}
