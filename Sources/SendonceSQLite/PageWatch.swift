// Ends a page of rows that takes too long.

/// A time from its making on, looked at now and then.
struct PageWatch {
    private let end: ContinuousClock.Instant

    /// So few looks at the clock cost nothing beside the rows.
    private static let rowsBetweenLooks = 16

    init(_ patience: Duration) {
        end = .now + patience
    }

    /// `rows`: how many there are already.
    func isOver(rows: Int) -> Bool {
        rows % PageWatch.rowsBetweenLooks == 0 && ContinuousClock.now > end
    }
}
