// What a claim has decided about the rows that it has locked, written with one statement for each kind.
import SendonceCore
import SendonceStore

/// Lives within one claim's transaction, which holds the locks of all rows that are added.
struct ClaimBatch {
    let start: Timestamp
    let leaseEnd: Timestamp
    private let dispatcher: Text
    private var report = ClaimReport()
    private var attempts: [Opened] = []
    private var ends: [Ending] = []
    private var holds: [Gate] = []

    init(start: Timestamp, leaseEnd: Timestamp, dispatcher: Text) {
        self.start = start
        self.leaseEnd = leaseEnd
        self.dispatcher = dispatcher
    }

    /// True if an attempt begins.
    mutating func add(_ candidate: QueuedCommand, _ preparation: Preparation) -> Bool {
        switch preparation {
        case .leave: break
        case .attempt(let request):
            attempts.append(
                Opened(
                    number: candidate.due.number, attempt: candidate.due.attempts + 1,
                    token: candidate.due.token + 1, route: candidate.due.command.route, request: request))
            report.claimed.append(
                ClaimedCommand(
                    due: candidate.due, attempt: candidate.due.attempts + 1, token: candidate.due.token + 1,
                    startedAt: start, leaseEnd: leaseEnd))
            return true
        case .finish(let state, let cause):
            ends.append(Ending(number: candidate.due.number, state: state, at: start, cause: cause))
            report.finished += 1
        case .hold(let reason, let detail):
            holds.append(
                Gate(
                    number: candidate.due.number, word: reason.rawValue, at: start, cause: nil, detail: detail
                ))
            report.held += 1
        }
        return false
    }

    mutating func note(_ wait: RouteWait?, of route: Text) {
        report.waits[route] = wait
    }

    func write(_ session: Session) throws(StoreError) -> ClaimReport {
        try open(session)
        try lease(session)
        try session.dequeue(ends.map(\.number))
        try session.finish(ends)
        try hold(session)
        try session.record(
            ends.map {
                Gate(number: $0.number, word: $0.state.rawValue, at: $0.at, cause: $0.cause, detail: nil)
            } + holds)
        return report
    }

    /// A row takes the digest of its first request. Nothing is joined here, so no belief of the planner about
    /// how many rows the queue has can turn the join around: of numbers without gaps each finds its digest by
    /// counting, others look at the attempts, which were written before.
    private func lease(_ session: Session) throws(StoreError) {
        guard !attempts.isEmpty else { return }
        let neighbours = Neighbours(attempts.map(\.number), allowGaps: false)
        let first =
            neighbours.numbers == nil
            ? "substring($5::bytea FROM 32 * (q.command - $1)::int + 1 FOR 32)"
            : """
            (SELECT a.request_digest FROM outbox_attempt a
                WHERE a.command = q.command AND a.attempt = q.attempts + 1)
            """
        let leased = try session.answer(
            """
            UPDATE outbox_queue q SET state = 'sending', lease_end = $4, token = q.token + 1,
                attempts = q.attempts + 1, request_digest = coalesce(q.request_digest, \(first))
            WHERE q.command BETWEEN $1 AND $2 AND ($3::bigint[] IS NULL OR q.command = ANY ($3))
                AND q.lease_end IS NULL AND q.held_at IS NULL
            RETURNING q.command, q.token
            """
        ) {
            $0.add(neighbours)
            $0.add(leaseEnd)
            guard neighbours.numbers == nil else { return }
            var digests: [UInt8] = []
            for opened in attempts.sorted(by: { $0.number < $1.number }) { digests.append(opened.request) }
            $0.add(bytes: digests)
        }
        var tokens: [Int64: Int64] = [:]
        for index in 0..<leased.count { tokens[leased[index].integer(0)] = leased[index].integer(1) }
        guard leased.count == attempts.count, attempts.allSatisfy({ tokens[$0.number] == $0.token }) else {
            throw .busy("a command changed while its row was locked: the engine does not keep row locks")
        }
    }

    private func open(_ session: Session) throws(StoreError) {
        guard !attempts.isEmpty else { return }
        var (numbers, places, tokens) = (Column(.integer), Column(.integer), Column(.integer))
        var (routes, requests) = (Column(.text), Column(.bytes))
        for opened in attempts {
            numbers.add(opened.number)
            places.add(opened.attempt)
            tokens.add(opened.token)
            routes.add(opened.route)
            requests.add(opened.request)
        }
        var (dispatchers, times) = (Column(.text), Column(.integer))
        dispatchers.add(dispatcher)
        times.add(start)
        try session.insert(
            into: "outbox_attempt",
            [
                "command": numbers, "attempt": places, "token": tokens, "route": routes,
                "request_digest": requests, "dispatcher": dispatchers, "started_at": times,
            ])
    }

    private func hold(_ session: Session) throws(StoreError) {
        guard !holds.isEmpty else { return }
        var (numbers, words, details) = (Column(.integer), Column(.text), Column(.text))
        for hold in holds {
            numbers.add(hold.number)
            words.add(hold.word)
            details.add(repaired: hold.detail)
        }
        try session.run(
            """
            UPDATE outbox_queue q SET state = 'held', hold_reason = row.reason, hold_detail = row.detail,
                held_at = $4
            FROM unnest($1::bigint[], $2::text[], $3::text[]) AS row (command, reason, detail)
            WHERE q.command = row.command AND q.command = ANY ($1)
            """
        ) {
            $0.add(numbers)
            $0.add(words)
            $0.add(details)
            $0.add(start)
        }
    }
}

/// One row of `outbox_attempt`, and what the queue is told of it.
private struct Opened {
    var number: Int64
    var attempt: Int
    var token: Int64
    var route: Text
    var request: Digest
}

/// One row of `outbox_finish`.
struct Ending {
    var number: Int64
    var state: FinishedState
    var at: Timestamp
    var cause: Int64?
}

/// One row of `outbox_gate`.
struct Gate {
    var number: Int64
    var word: String
    var at: Timestamp
    var cause: Int64?
    var detail: Text?
}

extension Session {
    func dequeue(_ numbers: [Int64]) throws(StoreError) {
        guard !numbers.isEmpty else { return }
        var column = Column(.integer)
        for number in numbers { column.add(number) }
        let deleted = try run("DELETE FROM outbox_queue WHERE command = ANY ($1::bigint[])") {
            $0.add(column)
        }
        guard deleted == numbers.count else {
            throw .busy("a command went while its row was locked: the engine does not keep row locks")
        }
    }

    func finish(_ rows: [Ending]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        var (numbers, states) = (Column(.integer), Column(.text))
        var (times, causes) = (Column(.integer), Column(.integer))
        for row in rows {
            numbers.add(row.number)
            states.add(row.state.rawValue)
            times.add(row.at)
            causes.add(row.cause)
        }
        try insert(
            into: "outbox_finish", ["command": numbers, "state": states, "at": times, "cause": causes])
    }

    func record(_ rows: [Gate]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        var (numbers, times, words) = (Column(.integer), Column(.integer), Column(.text))
        var (causes, details) = (Column(.integer), Column(.text))
        for row in rows {
            numbers.add(row.number)
            times.add(row.at)
            words.add(row.word)
            causes.add(row.cause)
            details.add(repaired: row.detail)
        }
        try insert(
            into: "outbox_gate",
            ["command": numbers, "at": times, "gate": words, "cause": causes, "detail": details])
    }
}
