// The port of a rebuild: the projector's own transaction, in a database that is not in force.
package import SendonceCore

/// The right to decide a log again into a fenced database.
package protocol RebuildTarget: TransferTarget, PastReader {
    /// Runs `body` in one transaction and commits it durably, or rolls all of it back if it throws. What it
    /// writes is written as the projector writes it.
    ///
    /// Errors: `.conflict` unless this is the unconfirmed copy of this transfer: where a log is in force,
    /// nothing can be written by this.
    func rebuild<Result>(
        _ transfer: Text, _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result
}
