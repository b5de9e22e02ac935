// What a process holds against its database in every claim and every projector transaction.
package import SendonceCore
import Synchronization

/// Shared by the connections of one store. Empty until somebody watches: then nothing is compared.
package final class Watch: Sendable {
    private struct State {
        var identity: DatabaseIdentity?
        var sighting: Sighting?
    }

    private let state = Mutex(State())

    package init() {}

    package func begin(_ identity: DatabaseIdentity, _ sighting: Sighting) {
        state.withLock {
            $0.identity = identity
            $0.sighting = sighting
        }
    }

    package var sighting: Sighting? { state.withLock { $0.sighting } }

    /// What must be there; nil if nobody watches.
    package var expected: (identity: DatabaseIdentity, sighting: Sighting)? {
        state.withLock { state in
            guard let identity = state.identity, let sighting = state.sighting else { return nil }
            return (identity, sighting)
        }
    }

    package func note(_ head: LogHead) {
        state.withLock { $0.sighting?.add(head) }
    }

    package func note(_ claim: ClaimMark) {
        state.withLock { $0.sighting?.add(claim) }
    }
}
