// What a provider does with a repeated request: facts that the state machine needs, declared by each
// provider.

package enum Capability: Hashable, Sendable {
    /// A repeat with the key gets the first answer back. Safe inside the window.
    case replay(KeyWindow)
    /// A repeat with the key is refused, which proves that an earlier one was accepted. Safe inside the
    /// window.
    case refuse(KeyWindow)
    /// Writing the same message twice leaves one: the name of the message is its place. Safe for ever.
    case idempotent
    /// No key: a repeat is a second message.
    case none
}

/// How long a provider remembers a key, and how much of that we leave unused because its clock is not ours
/// and a request takes time to arrive.
package struct KeyWindow: Hashable, Sendable {
    package var length: Span
    package var margin: Span

    package init(length: Span, margin: Span) {
        self.length = length
        self.margin = margin
    }
}

extension Capability {
    /// The last moment at which another attempt under the same key is safe, after a first one that may have
    /// arrived. nil: never safe. `.max`: always.
    package func safeUntil(firstUnsureAt: Timestamp) -> Timestamp? {
        switch self {
        case .replay(let window), .refuse(let window): firstUnsureAt + window.length - window.margin
        case .idempotent: Timestamp(microseconds: .max)
        case .none: nil
        }
    }
}
