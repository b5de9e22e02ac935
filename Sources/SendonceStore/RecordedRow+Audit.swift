// What was recorded, for those who ask why: each record with the columns that it is read from.
package import SendonceCore

extension LoggedEvent {
    /// Of `outbox_log`.
    package static let columns = """
        position, id, event_type, source, subject, payload, occurred_at, traceparent, link, recorded_at
        """

    package init(_ row: some RecordedRow) throws(StoreError) {
        self.init(
            position: row.integer(0),
            event: Event(
                id: row.textIfAny(1), type: row.text(2), source: row.text(3), subject: row.textIfAny(4),
                payload: row.bytes(5), occurredAt: row.time(6), traceparent: row.textIfAny(7)),
            link: try row.digest(8), recordedAt: row.time(9))
    }
}

extension DecisionRecord {
    /// Of `outbox_decision`.
    package static let columns =
        "position, rule, item, reason, key, recipient, winner, until, detail, command, event"

    package init(_ row: some RecordedRow) throws(StoreError) {
        let command = row.isNull(9) ? nil : try row.commandID(9)
        let facts = ReasonColumns(
            winner: row.integerIfAny(6), until: row.timeIfAny(7), detail: row.textIfAny(8)?.string,
            command: command)
        let reason = try facts.reason(word: row.text(3).string)
        // Only an emitted decision has a command of its own; `cancels` names another's.
        self.init(
            position: row.integer(0), event: row.integerIfAny(10), rule: row.text(1), item: row.integer(2),
            reason: reason, key: row.textIfAny(4), recipient: row.textIfAny(5),
            command: reason == .emitted ? command : nil)
    }
}

extension MessageRecord {
    /// All commands with where they stand, as `c`, `f` and `q`; a condition follows.
    package static let selectSQL = """
        SELECT c.number, c.id, c.position, c.rule, c.key, c.slot, c.generation, c.rule_set, c.recipient,
            c.route, c.not_before, c.expires_at, c.on_unknown,
            (SELECT count(*) FROM outbox_attempt a WHERE a.command = c.number),
            f.state, f.at, f.cause, q.state, q.due_at, q.lease_end, q.hold_reason, q.hold_detail, q.held_at,
            q.cancelled_by, q.superseded_by
        FROM outbox_command c
        LEFT JOIN outbox_finish f ON f.command = c.number
        LEFT JOIN outbox_queue q ON q.command = c.number
        WHERE\u{20}
        """

    package init(_ row: some RecordedRow) throws(StoreError) {
        self.init(
            number: row.integer(0), id: try row.commandID(1), position: row.integer(2), rule: row.text(3),
            key: row.text(4), slot: row.text(5), generation: row.integer(6), ruleSet: try row.digest(7),
            recipient: row.text(8), route: row.text(9), notBefore: row.time(10),
            expiresAt: row.timeIfAny(11), onUnknown: try row.wordIfAny(12), attempts: Int(row.integer(13)),
            standing: try CommandStanding(row))
    }
}

extension CommandStanding {
    /// Columns 14 to 24 of a message.
    fileprivate init(_ row: some RecordedRow) throws(StoreError) {
        if let state = try row.wordIfAny(14, FinishedState.self) {
            self = .finished(state, at: row.time(15), cause: row.integerIfAny(16))
            return
        }
        guard !row.isNull(17) else {
            throw .damaged("command \(row.integer(0)) is neither queued nor finished")
        }
        self = .queued(
            QueueStanding(
                state: try row.word(17), dueAt: row.time(18), leaseEnd: row.timeIfAny(19),
                hold: try row.wordIfAny(20), holdDetail: row.textIfAny(21), heldAt: row.timeIfAny(22),
                cancelledBy: row.integerIfAny(23), supersededBy: row.integerIfAny(24)))
    }
}

extension AttemptRecord {
    /// All attempts with their outcomes, as `a` and `o`; a condition follows.
    package static let selectSQL = """
        SELECT o.outcome, o.counts, o.code, o.words, o.message_id, o.retry_after, o.trouble, o.status,
            o.issues, o.finished_at, a.attempt, a.token, a.route, a.dispatcher, a.request_digest, a.started_at
        FROM outbox_attempt a LEFT JOIN outbox_outcome o ON o.command = a.command AND o.attempt = a.attempt
        WHERE\u{20}
        """

    /// `late` is by the number of the attempt.
    package init(_ row: some RecordedRow, late: [Int64: [OutcomeRecord]]) throws(StoreError) {
        self.init(
            attempt: Int(row.integer(10)), token: row.integer(11), route: row.text(12),
            dispatcher: row.text(13), requestDigest: try row.digest(14), startedAt: row.time(15),
            outcome: row.isNull(0) ? nil : try OutcomeRecord(row), lateAnswers: late[row.integer(10)] ?? [])
    }
}

extension OutcomeRecord {
    /// Late answers, then the number of their attempt; a condition follows.
    package static let lateSQL = """
        SELECT outcome, counts, code, words, message_id, retry_after, trouble, status, issues, finished_at,
            attempt
        FROM outbox_late_answer WHERE\u{20}
        """

    /// The first ten columns of an attempt's row or of a late answer.
    package init(_ row: some RecordedRow) throws(StoreError) {
        let verdict = Verdict(
            try row.word(0), counts: row.integer(1) == 1, messageID: row.textIfAny(4), code: row.text(2),
            words: row.text(3), retryAfter: row.integerIfAny(5).map(Span.init(microseconds:)),
            trouble: try row.wordIfAny(6))
        self.init(
            verdict: verdict, status: row.integerIfAny(7).map { Int($0) }, issues: Int(row.integer(8)),
            finishedAt: row.time(9))
    }
}

extension Activation {
    /// Of `outbox_activation`; the scopes stand in rows of their own.
    package static let columns = "position, digest, actor, reason, recorded_at"

    package init(_ row: some RecordedRow) throws(StoreError) {
        self.init(
            position: row.integer(0), ruleSet: try row.digest(1), scopes: [:], actor: row.text(2),
            reason: row.text(3), recordedAt: row.time(4))
    }
}

extension AuthorityRecord {
    /// Of `outbox_authority`.
    package static let columns = "state, transfer, place, actor, reason, digest, recorded_at"

    package init(_ row: some RecordedRow) throws(StoreError) {
        self.init(
            state: try row.word(0), transfer: row.text(1), place: row.text(2), actor: row.text(3),
            reason: row.text(4), digest: try row.digestIfAny(5), recordedAt: row.time(6))
    }
}

extension HomeRecord {
    /// Of `outbox_home`.
    package static let columns = "state, home, place, actor, reason, suspect_through, recorded_at, number"

    package init(_ row: some RecordedRow, from first: Int32 = 0) throws(StoreError) {
        self.init(
            number: row.integer(first + 7), state: try row.word(first), home: try row.digest(first + 1),
            place: row.text(first + 2), actor: row.text(first + 3), reason: row.text(first + 4),
            suspectThrough: row.integer(first + 5), recordedAt: row.time(first + 6))
    }
}

extension ActRecord {
    /// Of `outbox_act a`.
    package static let columns =
        "a.number, a.act, a.request, a.actor, a.reason, a.selection, a.commands, a.recorded_at"

    package init(_ row: some RecordedRow) throws(StoreError) {
        self.init(
            number: row.integer(0), kind: try row.word(1), request: row.text(2), actor: row.text(3),
            reason: row.text(4), selection: row.text(5), commands: row.integer(6), recordedAt: row.time(7))
    }
}
