// Deciding a log again into a fenced database: the projector's transaction under another condition. No lease
// is needed: whoever writes here holds the lock on the authority.
package import SendonceCore
package import SendonceStore

extension PostgresStore: RebuildTarget {
    package func rebuild<Result>(
        _ transfer: Text, _ body: (any ProjectionTransaction) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try projector.transaction { (session: Session) throws(StoreError) -> Result in
            try session.checkCopy(of: transfer)
            let open = PostgresProjection(session: session, store: self, home: nil)
            let result = try body(open)
            try open.flush()
            return result
        }
    }
}

extension Session {
    /// Keeps it so until the transaction ends.
    func checkCopy(of transfer: Text) throws(StoreError) {
        try lockAuthority(.againstWriters)
        guard let record = try authority(), record.state == .copy, record.transfer == transfer else {
            throw .conflict("this database is not, or no longer, the unconfirmed copy of that transfer")
        }
    }
}
