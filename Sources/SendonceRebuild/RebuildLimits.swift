// Every bound of a rebuild, each with its reason.

package enum RebuildLimits {
    /// Commands whose rows are looked at together: one read and one transaction each of queue and finishes.
    package static let commands = 2_000
    /// Commands that stand under another number at the old place, or under none, kept in memory at about 100
    /// bytes each. A damaged table has some; a log with more is not the one that the commands came from.
    package static let renumbered = 1_000_000
    /// Rows that a report names of each kind.
    package static let named = 5
}
