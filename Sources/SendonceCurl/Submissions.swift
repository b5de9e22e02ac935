// The one place where other threads meet the loop's thread: what was submitted, and whether the loop sleeps
// or ends.

import Synchronization

/// Submissions on their way to the loop.
///
/// Guarantee: a submission is either taken by the loop, or refused by `add` after `end`; never both, never
/// neither.
final class Submissions: Sendable {
    private struct State {
        var incoming: [Submission] = []
        var loopSleeps = false
        var isClosing = false
        /// Rung under the lock, so that it is never rung after the multi handle is closed. nil from `end` on.
        var bell: Bell?
    }

    private let state: Mutex<State>

    init(bell: Bell) {
        state = Mutex(State(bell: bell))
    }

    /// Returns false when the loop has ended and nobody would answer.
    func add(_ submission: Submission) -> Bool {
        state.withLock { state in
            guard state.bell != nil else { return false }
            state.incoming.append(submission)
            Self.wake(&state)
            return true
        }
    }

    /// Asks the loop to end.
    func close() {
        state.withLock { state in
            state.isClosing = true
            Self.wake(&state)
        }
    }

    /// For the loop: what came in since the last call, and whether to go on.
    func take() -> (incoming: [Submission], isClosing: Bool) {
        state.withLock { state in
            state.loopSleeps = false
            guard !state.incoming.isEmpty else { return ([], state.isClosing) }
            let incoming = state.incoming
            state.incoming = []
            return (incoming, state.isClosing)
        }
    }

    /// For the loop, right before it waits: false if there is something to take already. From a true answer
    /// on, whoever adds rings the bell.
    func fallAsleep() -> Bool {
        state.withLock { state in
            guard state.incoming.isEmpty, !state.isClosing else { return false }
            state.loopSleeps = true
            return true
        }
    }

    /// For the loop, as its last word: nothing is taken any more. Returns what came in until now.
    func end() -> [Submission] {
        state.withLock { state in
            state.bell = nil
            let left = state.incoming
            state.incoming = []
            return left
        }
    }

    private static func wake(_ state: inout State) {
        guard state.loopSleeps else { return }
        state.loopSleeps = false
        state.bell?.ring()
    }
}
