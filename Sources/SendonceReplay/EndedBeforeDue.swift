// Delayed commands that another event ended before they were due: emitted, and yet no message.
import SendonceCore

/// Counts them for one side.
///
/// Known from the log alone: `cancel_on` and `supersedes` count where the ending event happened, by its own
/// time, before the command was due. Not known: an ending that came later and was yet in time, because
/// sending was late.
///
/// Memory: about 100 bytes for each delayed command that can be ended so and was not yet.
struct EndedBeforeDue {
    private(set) var cancelled: Int64 = 0
    private(set) var superseded: Int64 = 0
    private var due: [CommandID: Timestamp] = [:]
    /// Delayed commands by what they supersede, each with the time of its event.
    private var rivals: [Digest: [Rival]] = [:]

    private struct Rival {
        var command: CommandID
        var position: Int64
        var occurredAt: Timestamp
    }

    /// Takes in what an event at a time decided under these rules.
    mutating func add(_ decisions: [Decision], at time: Timestamp, under rules: RuleSet) {
        for decision in decisions {
            if case .cancels(let command) = decision.reason, end(command, at: time) { cancelled += 1 }
            guard let command = decision.command else { continue }
            if command.notBefore > command.occurredAt, rules.rule(named: command.rule)?.canBeEnded ?? false {
                due[command.id] = command.notBefore
            }
            if let digest = command.supersedeDigest { supersede(digest, by: command) }
        }
    }

    /// A newer command ends the older ones, whichever was decided first; what one event says to several
    /// people is equally new.
    private mutating func supersede(_ digest: Digest, by command: Command) {
        var open: [Rival] = []
        for rival in rivals[digest] ?? [] {
            let isOlder = (rival.occurredAt, rival.position) < (command.occurredAt, command.position)
            if isOlder, rival.position != command.position, end(rival.command, at: command.occurredAt) {
                superseded += 1
            } else if due[rival.command] != nil {
                open.append(rival)
            }
        }
        // One that comes late is ended by what happened after it.
        let newer = open.first { $0.occurredAt > command.occurredAt && $0.position != command.position }
        if let newer, end(command.id, at: newer.occurredAt) { superseded += 1 }
        if due[command.id] != nil {
            open.append(
                Rival(command: command.id, position: command.position, occurredAt: command.occurredAt))
        }
        rivals[digest] = open.isEmpty ? nil : open
    }

    private mutating func end(_ command: CommandID, at time: Timestamp) -> Bool {
        guard let due = due[command], time < due else { return false }
        self.due[command] = nil
        return true
    }
}

extension Rule {
    fileprivate var canBeEnded: Bool { cancellation != nil || supersedes != nil }
}

extension EndedBeforeDue {
    var counts: WhatIfReport.Ended { WhatIfReport.Ended(cancelled: cancelled, superseded: superseded) }
}
