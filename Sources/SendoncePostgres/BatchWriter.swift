// Writes what the projector concluded: one statement for each table, the rows as arrays. Keys are claimed at
// once, because the next batch of the transaction asks for them; all else is gathered until the end, since a
// statement costs as much as a hundred rows.
import SendonceCore
import SendonceStore

/// Lives within one projector transaction.
struct BatchWriter {
    private let session: Session
    /// Number of the last command; the next one gets one more.
    private var lastNumber: Int64
    private var events: [LoggedEvent] = []
    private var decisions: [Decision] = []
    private var commands: [NumberedCommand] = []
    private var moved: [Int64] = []
    /// Rule name to scope under the rule set in force.
    private let scopes: [Text: Text]

    init(session: Session) throws(StoreError) {
        self.session = session
        lastNumber =
            try session.first("SELECT number FROM outbox_command ORDER BY number DESC LIMIT 1") {
                $0.integer(0)
            } ?? 0
        scopes = try session.activation()?.scopes ?? [:]
    }

    mutating func add(_ batch: ProjectedBatch) throws(StoreError) {
        var won: [NumberedCommand] = []
        for row in batch.decisions {
            guard case .emitted = row.reason else { continue }
            guard let command = row.command else { throw .failed("an emitted decision without a command") }
            lastNumber += 1
            won.append(
                NumberedCommand(
                    number: lastNumber, command: command,
                    dueAt: batch.earliestDue.map { max($0, command.notBefore) } ?? command.notBefore,
                    supersededBy: batch.superseded.isEmpty ? nil : batch.superseded[command.id]))
        }
        try claimKeys(of: won)
        events += batch.events
        decisions += batch.decisions
        commands += won
        moved += batch.moved
    }

    /// Writes what was gathered. After it the next batch may be added.
    mutating func flush() throws(StoreError) {
        try write(events)
        try write(decisions)
        try write(commands)
        try enqueue(commands)
        try cancel(decisions)
        try remove(moved)
        (events, decisions, commands, moved) = ([], [], [], [])
    }

    private func write(_ events: [LoggedEvent]) throws(StoreError) {
        guard !events.isEmpty else { return }
        var (positions, ids, types) = (Column(.integer), Column(.text), Column(.text))
        var (sources, subjects, payloads) = (Column(.text), Column(.text), Column(.text))
        var (times, parents) = (Column(.integer), Column(.text))
        var (recorded, links) = (Column(.integer), Column(.bytes))
        for logged in events {
            positions.add(logged.position)
            ids.add(logged.event.id)
            types.add(logged.event.type)
            sources.add(logged.event.source)
            subjects.add(logged.event.subject)
            payloads.add(text: logged.event.payload)
            times.add(logged.event.occurredAt)
            parents.add(logged.event.traceparent)
            recorded.add(logged.recordedAt)
            links.add(logged.link)
        }
        let sql = """
            INSERT INTO outbox_log (position, id, event_type, source, subject, payload, occurred_at,
                traceparent, recorded_at, link)
            SELECT unnest($1::bigint[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
                unnest($5::text[]), unnest($6::text[]), unnest($7::bigint[]), unnest($8::text[]),
                unnest($9::bigint[]), unnest($10::bytea[])
            """
        try session.run(sql) {
            for column in [
                positions, ids, types, sources, subjects, payloads, times, parents, recorded, links,
            ] { $0.add(column) }
        }
    }

    private func write(_ rows: [Decision]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        var (positions, rules, items) = (Column(.integer), Column(.text), Column(.integer))
        var (reasons, keys, recipients) = (Column(.text), Column(.text), Column(.text))
        var (winners, untils) = (Column(.integer), Column(.integer))
        var (details, commands, about) = (Column(.text), Column(.uuid), Column(.integer))
        for row in rows {
            let facts = ReasonColumns(row.reason, command: row.command?.id)
            positions.add(row.position)
            rules.add(row.rule)
            items.add(row.item)
            reasons.add(row.reason.word)
            keys.add(row.key?.text)
            recipients.add(row.recipient)
            winners.add(facts.winner)
            untils.add(facts.until)
            details.add(facts.detail)
            commands.add(facts.command)
            about.add(row.event)
        }
        let sql = """
            INSERT INTO outbox_decision (position, rule, item, reason, key, recipient, winner, until, detail,
                command, event)
            SELECT unnest($1::bigint[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::text[]),
                unnest($5::text[]), unnest($6::text[]), unnest($7::bigint[]), unnest($8::bigint[]),
                unnest($9::text[]), unnest($10::uuid[]), unnest($11::bigint[])
            """
        try session.run(sql) {
            for column in [
                positions, rules, items, reasons, keys, recipients, winners, untils, details, commands,
                about,
            ] { $0.add(column) }
        }
    }

    private func write(_ rows: [NumberedCommand]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        var (numbers, ids, positions) = (Column(.integer), Column(.uuid), Column(.integer))
        var (rules, items, keys, digests) = (Column(.text), Column(.integer), Column(.text), Column(.bytes))
        var (slots, generations, ruleSets) = (Column(.text), Column(.integer), Column(.bytes))
        var (recipients, routes, times) = (Column(.text), Column(.text), Column(.integer))
        var (starts, ends, unknowns) = (Column(.integer), Column(.integer), Column(.text))
        var superseding = Column(.bytes)
        for row in rows {
            let command = row.command
            numbers.add(row.number)
            ids.add(command.id)
            positions.add(command.position)
            rules.add(command.rule)
            items.add(command.item)
            keys.add(command.key.text)
            digests.add(command.key.digest)
            slots.add(command.slot)
            generations.add(command.generation)
            ruleSets.add(command.ruleSet)
            recipients.add(command.recipient.description)
            routes.add(command.route)
            times.add(command.occurredAt)
            starts.add(command.notBefore)
            ends.add(command.expiresAt)
            unknowns.add(command.onUnknown?.rawValue)
            superseding.add(command.supersedeDigest)
        }
        let sql = """
            INSERT INTO outbox_command (number, id, position, rule, item, key, key_digest, slot, generation,
                rule_set, recipient, route, occurred_at, not_before, expires_at, on_unknown, supersede_digest)
            SELECT unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::text[]),
                unnest($5::bigint[]), unnest($6::text[]), unnest($7::bytea[]), unnest($8::text[]),
                unnest($9::bigint[]), unnest($10::bytea[]), unnest($11::text[]), unnest($12::text[]),
                unnest($13::bigint[]), unnest($14::bigint[]), unnest($15::bigint[]),
                unnest($16::text[]), unnest($17::bytea[])
            """
        try session.run(sql) {
            for column in [
                numbers, ids, positions, rules, items, keys, digests, slots, generations, ruleSets,
                recipients, routes, times, starts, ends, unknowns, superseding,
            ] { $0.add(column) }
        }
    }

    private func claimKeys(of rows: [NumberedCommand]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        var (digests, slots, generations) = (Column(.bytes), Column(.text), Column(.integer))
        var (names, keys, positions) = (Column(.text), Column(.text), Column(.integer))
        var (times, ids, numbers) = (Column(.integer), Column(.uuid), Column(.integer))
        for row in rows {
            let command = row.command
            digests.add(command.key.digest)
            slots.add(command.slot)
            generations.add(command.generation)
            // Without an activation, as in a test, a rule's scope is its own name.
            names.add(scopes[command.rule] ?? command.rule)
            keys.add(command.key.text)
            positions.add(command.position)
            times.add(command.occurredAt)
            ids.add(command.id)
            numbers.add(row.number)
        }
        let sql = """
            INSERT INTO outbox_ledger (key_digest, slot, generation, scope, key, position, occurred_at,
                command, number)
            SELECT unnest($1::bytea[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::text[]),
                unnest($5::text[]), unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::uuid[]),
                unnest($9::bigint[])
            """
        try session.run(sql) {
            for column in [digests, slots, generations, names, keys, positions, times, ids, numbers] {
                $0.add(column)
            }
        }
    }

    /// Queue rows, with what they supersede and what supersedes them.
    private func enqueue(_ rows: [NumberedCommand]) throws(StoreError) {
        guard !rows.isEmpty else { return }
        let marks = try Supersession(session, new: rows)
        var (numbers, times, routes) = (Column(.integer), Column(.integer), Column(.text))
        var (digests, superseded) = (Column(.bytes), Column(.integer))
        for row in rows {
            numbers.add(row.number)
            times.add(row.dueAt)
            routes.add(row.command.route)
            digests.add(row.command.supersedeDigest)
            superseded.add(marks.position(for: row.number))
        }
        let sql = """
            INSERT INTO outbox_queue (command, state, due_at, route, supersede_digest, superseded_by)
            SELECT unnest($1::bigint[]), 'pending', unnest($2::bigint[]), unnest($3::text[]),
                unnest($4::bytea[]), unnest($5::bigint[])
            """
        try session.run(sql) {
            for column in [numbers, times, routes, digests, superseded] { $0.add(column) }
        }
        try marks.write(session)
    }

    /// The first event that cancels a command is the one that is remembered. The command may be one of this
    /// very batch. Rows are locked in the order of their numbers, as settling does, so that the two cannot
    /// wait for each other.
    private func cancel(_ rows: [Decision]) throws(StoreError) {
        var (ids, positions) = (Column(.uuid), Column(.integer))
        var isEmpty = true
        for row in rows {
            guard case .cancels(let command) = row.reason else { continue }
            ids.add(command)
            positions.add(row.about)
            isEmpty = false
        }
        guard !isEmpty else { return }
        let sql = """
            WITH cancelled AS (
                SELECT id, min(position) AS position
                FROM unnest($1::uuid[], $2::bigint[]) AS row (id, position) GROUP BY id
            ), target AS MATERIALIZED (
                SELECT q.command, cancelled.position FROM cancelled
                JOIN outbox_command c ON c.id = cancelled.id
                JOIN outbox_queue q ON q.command = c.number
                WHERE q.cancelled_by IS NULL ORDER BY q.command FOR UPDATE OF q
            )
            UPDATE outbox_queue q SET cancelled_by = target.position FROM target
            WHERE q.command = target.command AND q.cancelled_by IS NULL
            """
        try session.run(sql) {
            $0.add(ids)
            $0.add(positions)
        }
    }

    /// Deletes intake rows.
    private func remove(_ moved: [Int64]) throws(StoreError) {
        guard !moved.isEmpty else { return }
        var sequences = Column(.integer)
        for sequence in moved { sequences.add(sequence) }
        let deleted = try session.run("DELETE FROM outbox WHERE seq = ANY ($1::bigint[])") {
            $0.add(sequences)
        }
        guard deleted == moved.count else {
            throw .conflict("an intake row that was moved is no longer there")
        }
    }
}

/// A command with the number that this batch gives it.
struct NumberedCommand {
    var number: Int64
    var command: Command
    var dueAt: Timestamp
    /// Known before it is queued.
    var supersededBy: Int64?
}
