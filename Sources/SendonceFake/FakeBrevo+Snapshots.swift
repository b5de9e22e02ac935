// What a test in the same process asks of the fake; the control interface gives the same to other processes.

import Synchronization

extension FakeBrevo {
    /// All accepted messages, oldest first. Empty in `sink` mode.
    package func accepted() -> [Acceptance] {
        account.withLock { $0.acceptances }
    }

    /// The numbers of requests so far.
    package func tally() -> Tally {
        var tally = account.withLock { $0.tally }
        let sunk = sinkCount.load(ordering: .relaxed)
        tally.requests += sunk
        tally.accepted += sunk
        return tally
    }

    /// The last complete requests, oldest first, at most `Limits.logEntries`.
    package func log() -> [LogEntry] {
        account.withLock { $0.log.entries }
    }

    /// The plan in force, with what is left of its script.
    package func chaos() -> ChaosPlan {
        account.withLock { $0.chaos }
    }

    /// Spoils the next `count` requests, after those that the script already has.
    package func inject(_ fault: Fault, count: Int = 1) throws(FakeError) {
        try change { (chaos) throws(FakeError) in try chaos.append(fault, count: count) }
    }

    /// Replaces plan and script.
    package func follow(_ plan: ChaosPlan) {
        account.withLock { $0.chaos = plan }
    }

    /// Forgets everything, empties the record file and ends all chaos. False if the file cannot be emptied;
    /// nothing is forgotten then.
    package func reset() -> Bool {
        let done = account.withLock { $0.reset() }
        if done { sinkCount.store(0, ordering: .relaxed) }
        return done
    }

    /// Changes the plan in one step, or throws and leaves it.
    func change(_ body: (inout ChaosPlan) throws(FakeError) -> Void) throws(FakeError) {
        let failure = account.withLock { account -> FakeError? in
            do throws(FakeError) {
                try body(&account.chaos)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }
}
