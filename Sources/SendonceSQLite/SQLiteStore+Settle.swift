// Settling: outcomes are recorded under the fencing token that their attempt was claimed with. A settlement
// with an old token changes nothing but the audit, with one exception: proof that the message was accepted,
// arriving while nobody knows, ends the command.
import SendonceCore
package import SendonceStore

extension SQLiteStore {
    package func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettlementResult] {
        guard !settlements.isEmpty else { return [] }
        return try writer.transaction { (session: Session) throws(StoreError) -> [SettlementResult] in
            try session.checkSettling()
            var results: [SettlementResult] = []
            results.reserveCapacity(settlements.count)
            for settlement in settlements { results.append(try session.settle(settlement)) }
            return results
        }
    }
}

extension Session {
    fileprivate func settle(_ settlement: Settlement) throws(StoreError) -> SettlementResult {
        let number = settlement.number
        guard try move(number, settlement) else {
            try recordLate(number, settlement)
            try acceptProven(number, settlement)
            return .stale
        }
        try recordOutcome(number, settlement)
        switch settlement.step {
        case .finish(let state): try finish(number, state, at: settlement.finishedAt, cause: nil)
        case .hold(let reason):
            try recordGate(
                number, reason.rawValue, at: settlement.finishedAt, cause: nil,
                detail: settlement.verdict.code)
        case .retry: break
        }
        try acceptProven(number, settlement)
        return .recorded
    }

    /// Takes the queue row where the step wants it; false if the token is not the one in force.
    private func move(_ number: Int64, _ settlement: Settlement) throws(StoreError) -> Bool {
        let statement: Statement
        switch settlement.step {
        case .finish:
            statement = try self.statement("DELETE FROM outbox_queue" + Self.ownedSQL)
        case .retry(let due, let state):
            statement = try self.statement(
                "UPDATE outbox_queue SET state = ?, due_at = ?, lease_end = NULL, " + Self.countSQL
                    + Self.ownedSQL)
            statement.add(state.rawValue)
            statement.add(due)
            addCount(number, settlement, to: statement)
        case .hold(let reason):
            statement = try self.statement(
                """
                UPDATE outbox_queue SET state = 'held', hold_reason = ?, hold_detail = ?, held_at = ?,
                    lease_end = NULL,\u{20}
                """ + Self.countSQL + Self.ownedSQL)
            statement.add(reason.rawValue)
            statement.add(settlement.verdict.code)
            statement.add(settlement.finishedAt)
            addCount(number, settlement, to: statement)
        }
        statement.add(number)
        statement.add(settlement.token)
        statement.add(settlement.attempt)
        return try statement.changes() == 1
    }

    private static let ownedSQL = " WHERE command = ? AND token = ? AND attempts = ? AND state = 'sending'"
    private static let countSQL = """
        counted = counted + ?, first_unsure_at = coalesce(first_unsure_at, CASE WHEN ? THEN (
            SELECT started_at FROM outbox_attempt WHERE command = ? AND attempt = ?) END)
        """

    private func addCount(_ number: Int64, _ settlement: Settlement, to statement: Statement) {
        let verdict = settlement.verdict
        statement.add(verdict.counts && verdict.outcome != .accepted && verdict.outcome != .duplicate ? 1 : 0)
        statement.add(verdict.outcome == .unknown ? 1 : 0)
        statement.add(number)
        statement.add(settlement.attempt)
    }

    private func recordOutcome(_ number: Int64, _ settlement: Settlement) throws(StoreError) {
        let statement = try statement(
            """
            INSERT INTO outbox_outcome (command, attempt, outcome, counts, code, words, message_id,
                retry_after, trouble, status, issues, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        statement.add(number)
        statement.add(settlement.attempt)
        add(settlement, to: statement)
        try statement.run()
    }

    private func recordLate(_ number: Int64, _ settlement: Settlement) throws(StoreError) {
        let statement = try statement(
            """
            INSERT INTO outbox_late_answer (command, attempt, token, outcome, counts, code, words, message_id,
                retry_after, trouble, status, issues, finished_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        statement.add(number)
        statement.add(settlement.attempt)
        statement.add(settlement.token)
        add(settlement, to: statement)
        try statement.run()
    }

    private func add(_ settlement: Settlement, to statement: Statement) {
        let verdict = settlement.verdict
        statement.add(verdict.outcome.rawValue)
        statement.add(verdict.counts ? 1 : 0)
        statement.add(verdict.code)
        statement.add(verdict.words)
        statement.add(verdict.messageID)
        statement.add(verdict.retryAfter?.microseconds)
        statement.add(verdict.trouble?.rawValue)
        statement.add(settlement.status)
        statement.add(settlement.issues)
        statement.add(settlement.finishedAt)
    }

    /// Ends a command that waits, for whatever reason, if a late answer says that it was accepted: the answer
    /// that just came, or one that came while a later attempt was open and has ended without an answer of its
    /// own.
    private func acceptProven(_ number: Int64, _ settlement: Settlement) throws(StoreError) {
        let proof = try first(
            """
            SELECT 1 FROM outbox_late_answer WHERE command = ?
                AND outcome IN ('accepted', 'duplicate') LIMIT 1
            """
        ) {
            $0.add(number)
        } read: {
            $0.integer(0)
        }
        guard proof != nil else { return }
        let statement = try statement(
            """
            DELETE FROM outbox_queue WHERE command = ? AND state <> 'sending'
            """)
        statement.add(number)
        guard try statement.changes() == 1 else { return }
        try finish(number, .accepted, at: settlement.finishedAt, cause: nil)
        try recordGate(
            number, FinishedState.accepted.rawValue, at: settlement.finishedAt, cause: nil,
            detail: "late_answer")
    }
}
