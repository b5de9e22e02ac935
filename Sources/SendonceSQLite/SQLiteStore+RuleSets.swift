// Rule sets that were ever active, and the scopes that their rules gave to keys.
package import SendonceCore
package import SendonceStore

extension SQLiteStore: RuleSetReader {
    package func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        try reader.use { (session: Session) throws(StoreError) in try session.ruleSetRows(digest) }
    }

    package func activation() throws(StoreError) -> Activation? {
        try reader.snapshot { (session: Session) throws(StoreError) in try session.activation() }
    }

    package func scopes() throws(StoreError) -> [Text: Int64] {
        try reader.snapshot { (session: Session) throws(StoreError) -> [Text: Int64] in
            var counts: [Text: Int64] = [:]
            let named = try session.rows("SELECT DISTINCT scope FROM outbox_scope") { $0.text(0) }
            for scope in named { counts[scope] = 0 }
            // A scan of the ledger: about a fifth of a second per million keys, and only an activation asks.
            // An index would make every command dearer.
            let counted = try session.rows("SELECT scope, count(*) FROM outbox_ledger GROUP BY scope") {
                ($0.text(0), $0.integer(1))
            }
            for (scope, count) in counted { counts[scope] = count }
            return counts
        }
    }

    package func lastScopes() throws(StoreError) -> [Text: Text] {
        try reader.snapshot { (session: Session) throws(StoreError) -> [Text: Text] in
            var last: [Text: Text] = [:]
            let named = try session.rows("SELECT rule, scope FROM outbox_scope ORDER BY position") {
                ($0.text(0), $0.text(1))
            }
            for (rule, scope) in named { last[rule] = scope }
            return last
        }
    }
}

extension StatementSource {
    func ruleSetRows(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? {
        let files = try rows("SELECT name, content FROM outbox_rule_set WHERE digest = ? ORDER BY name") {
            $0.add(digest)
        } read: {
            RuleSetFile(name: $0.text(0), content: $0.bytes(1))
        }
        return files.isEmpty ? nil : files
    }
}

extension Session {
    /// The newest activation, which is the one in force.
    func activation() throws(StoreError) -> Activation? {
        let newest = try first(
            "SELECT \(Activation.columns) FROM outbox_activation ORDER BY position DESC LIMIT 1"
        ) { (row: Statement) throws(StoreError) in
            try Activation(row)
        }
        guard var newest else { return nil }
        let scopes = try rows("SELECT rule, scope FROM outbox_scope WHERE position = ?") {
            $0.add(newest.position)
        } read: {
            ($0.text(0), $0.text(1))
        }
        for (rule, scope) in scopes { newest.scopes[rule] = scope }
        return newest
    }
}
