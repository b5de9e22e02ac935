// How far away the server is. What a search costs it is what the search took less the way; with the way,
// every search of a server in another town would seem dear.

/// The way to a server and back on one connection, known from answers that take the server no time.
package struct RoundTrip: Sendable {
    /// So many of the latest answers are remembered: the way may become longer, too.
    package static let memory = 16

    private var latest: [Duration] = []

    package init() {}

    /// The shortest of what is remembered; zero where nothing is.
    package var shortest: Duration { latest.min() ?? .zero }

    /// Takes in how long an answer took that the server need not have looked for.
    package mutating func note(_ took: Duration) {
        latest = (latest + [took]).suffix(Self.memory)
    }

    /// What the server did in that time, at least. The way is taken off twice, because it is not always as
    /// long as at its best: a search that takes no longer than the way itself is none to worry about.
    package func cost(of took: Duration) -> Duration { max(.zero, took - shortest * 2) }
}
