// What a verification came to: everything that an auditor needs to repeat it and to compare.
package import SendonceCore
package import SendonceStore

package struct Certificate: Sendable {
    package enum Verdict: String, Sendable {
        case same, differs
        /// Something could not be read or decided: nothing is claimed.
        case unclear
    }

    package struct Digests: Hashable, Sendable {
        /// The link that follows from the events up to the last position.
        package var log: Digest
        package var recordedDecisions: Digest
        /// nil where not all events could be decided again, or where more rows differ than are kept.
        package var recomputedDecisions: Digest?
        /// Of the ledger's rows that were won up to the last position, in the order of their keys.
        package var ledger: Digest
        /// Of the ids of all commands, in the order of their numbers.
        package var commandIDs: Digest
    }

    package struct Counts: Hashable, Sendable {
        package var events: Int64 = 0
        package var decisions: Int64 = 0
        package var commands: Int64 = 0
        package var ledger: Int64 = 0
        /// Decisions that follow from the log, by the word of their reason.
        package var reasons: [String: Int64] = [:]

        package init() {}
    }

    /// Where a later verification can go on: the end of the last whole block of the digests.
    package struct Checkpoint: Hashable, Sendable {
        package var position: Int64
        package var link: Digest
        package var decisions: Digest
        package var commandIDs: Digest
        /// The number of the last command up to there.
        package var number: Int64
        package var counts: Counts
    }

    package struct Promise: Hashable, Sendable {
        package var promise: LogPromise
        package var breaches: Int64
        package var shown: [Breach]
    }

    /// nil where the log is empty.
    package var name: LogName?
    package var place: Text
    package var from: Int64
    package var to: Int64
    /// The link that is recorded at the last position.
    package var head: LogHead
    package var digests: Digests
    package var counts: Counts
    package var differenceCount: Int64
    package var differences: [Difference]
    package var promises: [Promise]
    package var assumptions: [String]
    package var obstacles: [String]
    /// What kept this run from writing and sending, in the words of whoever put it there.
    package var barriers: [String]
    package var checkpoint: Checkpoint?
    package var duration: Span

    package var verdict: Verdict {
        if differenceCount > 0 || promises.contains(where: { $0.breaches > 0 }) { return .differs }
        return obstacles.isEmpty ? .same : .unclear
    }
}
