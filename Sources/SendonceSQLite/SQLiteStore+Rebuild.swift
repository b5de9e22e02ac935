// Deciding a log again into a fenced database: the projector's transaction under another condition.
package import SendonceCore
package import SendonceStore

extension SQLiteStore: RebuildTarget {
    package func rebuild<Result>(
        _ transfer: Text, _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try writer.transaction { (session: Session) throws(StoreError) -> Result in
            try session.checkCopy(of: transfer)
            return try body(SQLiteProjection(session: session, home: nil))
        }
    }
}

extension Session {
    func checkCopy(of transfer: Text) throws(StoreError) {
        guard let record = try authority(), record.state == .copy, record.transfer == transfer else {
            throw .conflict("this database is not, or no longer, the unconfirmed copy of that transfer")
        }
    }
}
