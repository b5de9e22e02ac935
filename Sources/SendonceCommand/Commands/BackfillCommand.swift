// `sendonce backfill`: let a rule decide past events.
import ArgumentParser
import SendonceAudit
import SendonceCore
import SendonceProjection
import SendonceStore

struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill", abstract: "Let a rule decide past events, on purpose.",
        discussion: """
            A rule acts on events after its activation. This lets one in force decide events of the log that \
            came before, or between two positions or times:

              sendonce backfill welcome --from 1 --through 1204 --reason "rule added late"
              sendonce backfill welcome --from 2026-03-01 --through 2026-03-31 --reason "March was missed"

            Without --yes the plan is shown and nothing is done (exit 3). What was won stays won: an event \
            whose key is claimed sends nothing. Expired, cancelled and superseded messages are recorded as \
            such and never sent. The same command again goes on where it stopped; once it is finished, it \
            does nothing.
            """)

    @Argument(help: "The rule, of the rules in force.")
    var rule: String

    @Option(
        name: .long, help: "First position (12), or time: events that happened then or later.",
        transform: { try BackfillBound.parse($0, dateMeans: "00:00:00Z") })
    var from: BackfillBound

    @Option(
        name: .long, help: "Last position, or time: events that happened then or earlier; a date is its end.",
        transform: { try BackfillBound.parse($0, dateMeans: "23:59:59.999999Z") })
    var through: BackfillBound

    @Option(name: .long, help: "Who does this (default: the user's name).")
    var by: String?

    @Option(name: .long, help: "Why; it is recorded.")
    var reason: String

    @Option(name: .long, help: "Name of the request (default: made of rule, range and rules in force).")
    var request: String?

    @Option(name: .long, help: "Confirm that so many messages may be sent: the plan's number.")
    var yes: Int64?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try await store.open()
        let backfill = try RuleBackfill(
            BackfillRequest(
                rule: Text(rule), from: from, through: through, actor: Text(by ?? Activator.currentUser),
                reason: Text(reason), name: request.map { Text($0) }), in: store)
        let plan = try backfill.plan(now: store.now())
        guard !plan.isFinished else {
            show(plan, done: plan.done)
            Printer.message("this request is finished: nothing was done")
            return
        }
        guard let yes, yes >= plan.toConfirm else {
            show(plan, done: plan.done)
            throw yes == nil
                ? CommandError("nothing was done: confirm with --yes \(plan.toConfirm)", status: .refused)
                : CommandError(BackfillError.unconfirmed(sendable: plan.toConfirm, confirmed: yes))
        }
        if output.format == .table { show(plan, done: plan.done) }
        let progress = ProgressLine()
        let done = try backfill.run(confirmed: yes, now: { () throws(StoreError) in try store.now() }) {
            part in
            progress.show("event #\(part.last) of #\(part.range.through)")
        }
        progress.clear()
        switch output.format {
        case .table: Printer.message(Printer.visible(done.words))
        case .json, .jsonl: show(plan, done: done)
        }
    }

    private func show(_ plan: BackfillPlan, done: Backfill?) {
        switch output.format {
        case .table: plan.lines.forEach { Printer.line(Printer.visible($0)) }
        case .json, .jsonl: Printer.json(plan.json(done: done))
        }
    }
}

extension BackfillBound {
    /// `12` or `#12` is a position; everything else must be a time, or a date, to which the time is added.
    fileprivate static func parse(_ argument: String, dateMeans time: String) throws -> BackfillBound {
        let digits = argument.hasPrefix("#") ? String(argument.dropFirst()) : argument
        if let position = Int64(digits) { return .position(position) }
        if let time = Timestamp(argument) ?? Timestamp("\(argument)T\(time)") { return .time(time) }
        throw ValidationError(
            "'\(Printer.visible(argument))' is neither a position (12) nor a time (2026-03-01, "
                + "2026-03-01T12:00:00Z)")
    }
}

extension Backfill {
    /// The request's events, as a sentence's beginning.
    fileprivate var subject: String {
        var words = "backfill of rule \(rule) over events #\(range.from) to #\(range.through)"
        if let time = range.occurredFrom { words += ", from \(time.text)" }
        if let time = range.occurredThrough { words += ", through \(time.text)" }
        return words + " (request \(request))"
    }

    fileprivate var words: String {
        "\(request): \(Printer.count(totals.events, "event")) decided up to #\(last), "
            + "\(Printer.count(totals.emitted, "command")) emitted, \(totals.sendable) of them can be sent; "
            + "by \(actor)"
    }
}

extension BackfillPlan {
    fileprivate var lines: [String] {
        var lines = [next.subject]
        if let done { lines.append("  done already: \(done.words)") }
        guard !isFinished else { return lines }
        func row(_ name: String, _ count: Int64, _ words: String = "") -> String {
            let number = String(count)
            let gap = String(repeating: " ", count: max(1, 26 - name.count - number.count))
            return "  " + name + gap + number + (words.isEmpty ? "" : "  " + words)
        }
        lines.append(row("events", events))
        let claimed = wonBefore + lostBefore
        if claimed > 0 {
            lines.append(
                row(
                    "already claimed", claimed,
                    "\(wonBefore) won by the event itself, \(lostBefore) by another one: they stay so"))
        }
        let lost = (reasons["duplicate"] ?? 0) + (reasons["within_window"] ?? 0) - lostBefore
        if lost > 0 { lines.append(row("lose among themselves", lost, "the first one wins")) }
        for word in Reason.words where !["emitted", "duplicate", "within_window"].contains(word) {
            if let count = reasons[word] { lines.append(row(word, count)) }
        }
        lines.append(row("emitted", emitted))
        if expired > 0 { lines.append(row("  expired", expired, "recorded as expired, never sent")) }
        if cancelled > 0 { lines.append(row("  cancelled", cancelled, "by a later event, never sent")) }
        if superseded > 0 { lines.append(row("  superseded", superseded, "by a newer event, never sent")) }
        lines.append(row("can be sent", sendable))
        return lines + sampleLines
    }

    private var sampleLines: [String] {
        guard !sample.isEmpty else { return [] }
        var table = TextTable([
            .init("event", side: .right), .init("becomes"), .init("to"), .init("key", isFlexible: true),
        ])
        for row in sample {
            table.add(
                "#\(row.decision.about)", row.words, row.decision.recipient?.string ?? "",
                row.decision.key?.text.string ?? "")
        }
        return [""] + table.rendered().split(separator: "\n").map { "  \($0)" }
    }

    fileprivate func json(done: Backfill?) -> JSONValue {
        func count(_ number: Int64) -> JSONValue { .integer(String(number)) }
        var range = [
            JSONMember("from", count(next.range.from)), JSONMember("through", count(next.range.through)),
        ]
        if let time = next.range.occurredFrom { range.append(JSONMember("occurred_from", time.text.json)) }
        if let time = next.range.occurredThrough {
            range.append(JSONMember("occurred_through", time.text.json))
        }
        let plan = [
            JSONMember("events", count(events)), JSONMember("won_before", count(wonBefore)),
            JSONMember("lost_before", count(lostBefore)),
            JSONMember(
                "reasons",
                .object(
                    Reason.words.compactMap { word in
                        reasons[word].map { JSONMember(Text(word), count($0)) }
                    })), JSONMember("expired", count(expired)), JSONMember("cancelled", count(cancelled)),
            JSONMember("superseded", count(superseded)), JSONMember("sendable", count(sendable)),
            JSONMember("confirm", count(toConfirm)), JSONMember("sample", .array(sample.map(\.json))),
        ]
        var members = [
            JSONMember("schema", "sendonce.backfill.v1".json), JSONMember("request", .string(next.request)),
            JSONMember("rule", .string(next.rule)), JSONMember("range", .object(range)),
            JSONMember("finished", .bool(done?.isLast ?? false)), JSONMember("plan", .object(plan)),
        ]
        if let done {
            members.append(
                JSONMember(
                    "done",
                    .object([
                        JSONMember("last", count(done.last)), JSONMember("parts", count(done.part)),
                        JSONMember("events", count(done.totals.events)),
                        JSONMember("emitted", count(done.totals.emitted)),
                        JSONMember("sendable", count(done.totals.sendable)),
                        JSONMember("actor", .string(done.actor)), JSONMember("reason", .string(done.reason)),
                    ])))
        }
        return .object(members)
    }
}

extension BackfillSample {
    fileprivate var words: String {
        switch fate {
        case .send: "sent"
        case .expired, .cancelled, .superseded: fate.rawValue
        case .refused: decision.reason.word
        }
    }

    fileprivate var json: JSONValue {
        var members = [
            JSONMember("event", .integer(String(decision.about))), JSONMember("fate", fate.rawValue.json),
            JSONMember("reason", decision.reason.word.json),
        ]
        if let recipient = decision.recipient { members.append(JSONMember("recipient", .string(recipient))) }
        if let key = decision.key { members.append(JSONMember("key", .string(key.text))) }
        return .object(members)
    }
}
