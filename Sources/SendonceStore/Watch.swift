// What a process holds against its database in every claim and every projector transaction.
package import SendonceCore
import Synchronization

/// What must be there, as far as a process knows.
package struct Expectation: Hashable, Sendable {
    package var identity: DatabaseIdentity
    /// When the log was put in force; nil if that was never recorded.
    package var boundAt: Timestamp?
    package var sighting: Sighting

    package init(_ identity: DatabaseIdentity, boundAt: Timestamp?, _ sighting: Sighting) {
        self.identity = identity
        self.boundAt = boundAt
        self.sighting = sighting
    }

    /// Makes sure that the log is in force by the act that the process knows. What it has seen, and what it
    /// writes down of its claims, belongs to that act and to no later one.
    package func check(_ home: HomeRecord?) throws(StoreError) {
        guard let boundAt, home?.recordedAt != boundAt else { return }
        guard let home, home.recordedAt > boundAt else {
            throw .fenced("the database went back: \(Missing.binding(boundAt).words)")
        }
        throw .fenced(
            "this log was put in force anew at \(home.place), by \(home.actor) on "
                + "\(home.recordedAt.shortText) (\(home.reason)), after this process had begun: start it "
                + "again")
    }
}

/// Shared by the connections of one store. Empty until somebody watches: then nothing is compared.
package final class Watch: Sendable {
    private let state = Mutex<Expectation?>(nil)

    package init() {}

    package func begin(_ expected: Expectation) {
        state.withLock { $0 = expected }
    }

    /// What must be there; nil if nobody watches. Whoever looks takes this first and reads the database then:
    /// the other way round, what a colleague does at this moment would look like a database that went back.
    package var expected: Expectation? { state.withLock { $0 } }

    package func note(_ head: LogHead) {
        state.withLock { $0?.sighting.add(head) }
    }

    package func note(_ claim: ClaimMark) {
        state.withLock { $0?.sighting.add(claim) }
    }
}
