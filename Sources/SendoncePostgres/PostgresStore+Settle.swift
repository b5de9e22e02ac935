// Settling: outcomes are recorded under the fencing token that their attempt was claimed with. A settlement
// with an old token changes nothing but the audit, with one exception: proof that the message was accepted,
// arriving while nobody knows, ends the command.
import SendonceCore
package import SendonceStore

extension PostgresStore {
    package func settle(_ settlements: [Settlement]) throws(StoreError) -> [SettlementResult] {
        guard !settlements.isEmpty else { return [] }
        return try settling(settlements) { (session: Session) throws(StoreError) in
            try session.checkSettling()
        } then: { (_, results) in
            results
        }
    }

    /// Settles between a check and whatever else belongs to the same transaction.
    ///
    /// Most often every settlement ends a command whose token is in force: then nothing has to be locked and
    /// judged before. If it is not so, that is rolled back, so that no lock is held and the rows can be
    /// locked anew in the order of their numbers.
    func settling<Result>(
        _ settlements: [Settlement], check: (Session) throws(StoreError) -> Void,
        then: (Session, [SettlementResult]) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        if !settlements.isEmpty, settlements.allSatisfy(\.isEnd),
            Set(settlements.map(\.number)).count == settlements.count
        {
            let result = try writer.transactionIfAny { (session: Session) throws(StoreError) -> Result? in
                try check(session)
                guard try session.takeOwned(settlements) else { return nil }
                try session.recordOutcomes(settlements)
                try session.finish(settlements.compactMap(\.ending))
                return try then(session, settlements.map { _ in .recorded })
            }
            if let result { return result }
        }
        return try writer.transaction { (session: Session) throws(StoreError) -> Result in
            try check(session)
            var results: [SettlementResult] = []
            guard !settlements.isEmpty else { return try then(session, results) }
            results.reserveCapacity(settlements.count)
            for round in try SettlementRound.rounds(settlements) { results += try round.write(session) }
            return try then(session, results)
        }
    }
}

/// Neighbouring settlements of different commands, written together.
private struct SettlementRound {
    private(set) var settlements: [Settlement] = []

    /// The same in their order, cut wherever a command occurs again: what is told twice is settled twice.
    static func rounds(_ settlements: [Settlement]) throws(StoreError) -> [SettlementRound] {
        var rounds = [SettlementRound()]
        var seen: Set<Int64> = []
        for settlement in settlements {
            if !seen.insert(settlement.number).inserted {
                rounds.append(SettlementRound())
                seen = [settlement.number]
            }
            rounds[rounds.count - 1].settlements.append(settlement)
        }
        return rounds
    }

    func write(_ session: Session) throws(StoreError) -> [SettlementResult] {
        let owned = try lock(session)
        var (current, late): ([Settlement], [Settlement]) = ([], [])
        for settlement in settlements {
            if owned.contains(settlement.number) {
                current.append(settlement)
            } else {
                late.append(settlement)
            }
        }
        try move(current, session)
        try session.recordOutcomes(current)
        try session.recordLate(late)
        try session.finish(current.compactMap(\.ending))
        try session.record(
            current.compactMap {
                guard case .hold(let reason) = $0.step else { return nil }
                return Gate(
                    number: $0.number, word: reason.rawValue, at: $0.finishedAt, cause: nil,
                    detail: $0.verdict.code)
            })
        try acceptProven(settlements.filter { !$0.isEnd || !owned.contains($0.number) }, session)
        return settlements.map { owned.contains($0.number) ? .recorded : .stale }
    }

    /// Locks all rows, in the order of their numbers so that two who settle cannot wait for each other, and
    /// gives the numbers of those whose token is in force. Rows that are not ours are locked too: whoever
    /// settles the same command at this moment must see our late answer, or we his outcome.
    private func lock(_ session: Session) throws(StoreError) -> Set<Int64> {
        var numbers = Column(.integer)
        for settlement in settlements { numbers.add(settlement.number) }
        let rows = try session.rows(
            """
            SELECT command, token, attempts, state = 'sending' FROM outbox_queue
            WHERE command = ANY ($1::bigint[]) ORDER BY command FOR UPDATE
            """
        ) {
            $0.add(numbers)
        } read: {
            ($0.integer(0), token: $0.integer(1), attempt: Int($0.integer(2)), isSending: $0.boolean(3))
        }
        var inForce: [Int64: (token: Int64, attempt: Int)] = [:]
        for row in rows where row.isSending { inForce[row.0] = (row.token, row.attempt) }
        return Set(
            settlements.filter {
                guard let row = inForce[$0.number] else { return false }
                return row.token == $0.token && row.attempt == $0.attempt
            }.map(\.number))
    }

    /// Takes the queue rows where their steps want them.
    private func move(_ settlements: [Settlement], _ session: Session) throws(StoreError) {
        var (ended, waiting, held): ([Int64], [Settlement], [Settlement]) = ([], [], [])
        for settlement in settlements {
            switch settlement.step {
            case .finish: ended.append(settlement.number)
            case .retry: waiting.append(settlement)
            case .hold: held.append(settlement)
            }
        }
        try session.dequeue(ended)
        try session.requeue(waiting)
        try session.hold(held)
    }

    /// Ends commands that wait, for whatever reason, if a late answer says that they were accepted: the
    /// answer that just came, or one that came while a later attempt was open and has ended without an answer
    /// of its own.
    private func acceptProven(_ settlements: [Settlement], _ session: Session) throws(StoreError) {
        guard !settlements.isEmpty else { return }
        var numbers = Column(.integer)
        var times: [Int64: Timestamp] = [:]
        for settlement in settlements {
            numbers.add(settlement.number)
            times[settlement.number] = settlement.finishedAt
        }
        let ended = try session.rows(
            """
            DELETE FROM outbox_queue q WHERE q.command = ANY ($1::bigint[]) AND q.state <> 'sending'
                AND EXISTS (SELECT 1 FROM outbox_late_answer a
                    WHERE a.command = q.command AND a.outcome IN ('accepted', 'duplicate'))
            RETURNING q.command
            """
        ) {
            $0.add(numbers)
        } read: {
            $0.integer(0)
        }
        let ends = ended.sorted().compactMap { number in
            times[number].map { Ending(number: number, state: .accepted, at: $0, cause: nil) }
        }
        try session.finish(ends)
        try session.record(
            ends.map {
                Gate(number: $0.number, word: $0.state.rawValue, at: $0.at, cause: nil, detail: "late_answer")
            })
    }
}

extension Settlement {
    fileprivate var isEnd: Bool {
        if case .finish = step { return true }
        return false
    }

    fileprivate var ending: Ending? {
        guard case .finish(let state) = step else { return nil }
        return Ending(number: number, state: state, at: finishedAt, cause: nil)
    }

    fileprivate var counted: Int64 {
        verdict.counts && verdict.outcome != .accepted && verdict.outcome != .duplicate ? 1 : 0
    }
}

extension Session {
    /// What both kinds of waiting change: a count, and when nobody knew for the first time.
    private static let countSQL = """
        counted = q.counted + row.counted, first_unsure_at = coalesce(q.first_unsure_at,
            CASE WHEN row.unsure = 1 THEN (SELECT started_at FROM outbox_attempt a
                WHERE a.command = q.command AND a.attempt = q.attempts) END)
        """

    /// Deletes the queue rows of different commands; false if not all were there under the token and attempt
    /// in force, and the transaction must be rolled back. Rows are locked in the order of their numbers, as
    /// the index gives them. That a lease stands says that the state is `sending`; asked by that word, the
    /// planner may choose the index of all leases.
    fileprivate func takeOwned(_ settlements: [Settlement]) throws(StoreError) -> Bool {
        let taken = try answer(
            """
            DELETE FROM outbox_queue WHERE command BETWEEN $1 AND $2
                AND ($3::bigint[] IS NULL OR command = ANY ($3)) AND lease_end IS NOT NULL
            RETURNING command, token, attempts
            """
        ) {
            $0.add(Neighbours(settlements.map(\.number), allowGaps: false))
        }
        guard taken.count == settlements.count else { return false }
        var inForce: [Int64: (token: Int64, attempt: Int64)] = [:]
        inForce.reserveCapacity(taken.count)
        for index in 0..<taken.count {
            let row = taken[index]
            inForce[row.integer(0)] = (row.integer(1), row.integer(2))
        }
        return settlements.allSatisfy {
            guard let row = inForce[$0.number] else { return false }
            return row.token == $0.token && row.attempt == Int64($0.attempt)
        }
    }

    fileprivate func requeue(_ settlements: [Settlement]) throws(StoreError) {
        guard !settlements.isEmpty else { return }
        var (numbers, counts, unsure) = (Column(.integer), Column(.integer), Column(.integer))
        var (states, times) = (Column(.text), Column(.integer))
        for settlement in settlements {
            guard case .retry(let due, let state) = settlement.step else { continue }
            numbers.add(settlement.number)
            counts.add(settlement.counted)
            unsure.add(settlement.verdict.outcome == .unknown ? 1 : 0)
            states.add(state.rawValue)
            times.add(due)
        }
        try run(
            """
            UPDATE outbox_queue q SET state = row.state, due_at = row.due_at, lease_end = NULL,
                \(Self.countSQL)
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])
                AS row (command, counted, unsure, state, due_at)
            WHERE q.command = row.command AND q.command = ANY ($1)
            """
        ) {
            for column in [numbers, counts, unsure, states, times] { $0.add(column) }
        }
    }

    fileprivate func hold(_ settlements: [Settlement]) throws(StoreError) {
        guard !settlements.isEmpty else { return }
        var (numbers, counts, unsure) = (Column(.integer), Column(.integer), Column(.integer))
        var (reasons, details, times) = (Column(.text), Column(.text), Column(.integer))
        for settlement in settlements {
            guard case .hold(let reason) = settlement.step else { continue }
            numbers.add(settlement.number)
            counts.add(settlement.counted)
            unsure.add(settlement.verdict.outcome == .unknown ? 1 : 0)
            reasons.add(reason.rawValue)
            details.add(repaired: settlement.verdict.code)
            times.add(settlement.finishedAt)
        }
        try run(
            """
            UPDATE outbox_queue q SET state = 'held', hold_reason = row.reason, hold_detail = row.detail,
                held_at = row.held_at, lease_end = NULL, \(Self.countSQL)
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])
                AS row (command, counted, unsure, reason, detail, held_at)
            WHERE q.command = row.command AND q.command = ANY ($1)
            """
        ) {
            for column in [numbers, counts, unsure, reasons, details, times] { $0.add(column) }
        }
    }

    fileprivate func recordOutcomes(_ settlements: [Settlement]) throws(StoreError) {
        try record(settlements, isLate: false)
    }

    fileprivate func recordLate(_ settlements: [Settlement]) throws(StoreError) {
        try record(settlements, isLate: true)
    }

    private func record(_ settlements: [Settlement], isLate: Bool) throws(StoreError) {
        guard !settlements.isEmpty else { return }
        var (numbers, attempts, tokens) = (Column(.integer), Column(.integer), Column(.integer))
        var (outcomes, counts, codes) = (Column(.text), Column(.integer), Column(.text))
        var (words, messages, waits) = (Column(.text), Column(.text), Column(.integer))
        var (troubles, statuses) = (Column(.text), Column(.integer))
        var (issues, times) = (Column(.integer), Column(.integer))
        for settlement in settlements {
            let verdict = settlement.verdict
            numbers.add(settlement.number)
            attempts.add(settlement.attempt)
            tokens.add(settlement.token)
            outcomes.add(verdict.outcome.rawValue)
            counts.add(verdict.counts ? 1 : 0)
            codes.add(repaired: verdict.code)
            words.add(repaired: verdict.words)
            messages.add(repaired: verdict.messageID)
            waits.add(verdict.retryAfter?.microseconds)
            troubles.add(verdict.trouble?.rawValue)
            statuses.add(settlement.status)
            issues.add(settlement.issues)
            times.add(settlement.finishedAt)
        }
        // Only a late answer says which token it came under; an outcome's is its attempt's.
        if isLate {
            try insert(
                into: "outbox_late_answer",
                [
                    "command": numbers, "attempt": attempts, "token": tokens, "outcome": outcomes,
                    "counts": counts, "code": codes, "words": words, "message_id": messages,
                    "retry_after": waits, "trouble": troubles, "status": statuses, "issues": issues,
                    "finished_at": times,
                ])
        } else {
            try insert(
                into: "outbox_outcome",
                [
                    "command": numbers, "attempt": attempts, "outcome": outcomes, "counts": counts,
                    "code": codes, "words": words, "message_id": messages, "retry_after": waits,
                    "trouble": troubles, "status": statuses, "issues": issues, "finished_at": times,
                ])
        }
    }
}
