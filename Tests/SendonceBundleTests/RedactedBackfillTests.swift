// A redacted log with a backfill answers what-if as the log does: what Sendonce itself wrote stays readable.
import SendonceBundle
import SendonceCore
import SendonceJSON
import SendonceProjection
import SendonceReplay
import SendonceRules
import SendonceSQLite
import SendonceStore
import Testing

@Suite("Redaction: a log with a backfill")
struct RedactedBackfillTests {
    /// Deliveries of two orders in turn, one an hour, decided by a rule that came after them. The backfill at
    /// the log's end is about the second to the fifth, by the times at which they happened.
    private func place() throws -> Place {
        let place = try Place(.file)
        try place.activate(Place.rules("1").replacing("order.delivered", with: "nobody.cares"))
        for hour in 0..<6 {
            _ = try place.store.append(
                NewEvent(
                    type: "order.delivered",
                    payload: Array(#"{"order":\#(hour % 2),"email":"ann@x.test"}"#.utf8),
                    occurredAt: Text("2026-11-21T0\(hour):00:00Z")))
        }
        try place.project()
        try place.activate(Place.rules("1"), at: .start + .hours(7))
        let request = BackfillRequest(
            rule: "review-1", from: .time(.start + .hours(1)), through: .time(.start + .hours(4)),
            actor: "Zoë", reason: "für Ann", name: "Ann's reviews")
        let backfill = try RuleBackfill(request, in: place.store)
        let done = try backfill.run(confirmed: 2, now: { .start + .hours(8) })
        #expect(done.totals == BackfillTotals(events: 4, emitted: 2, sendable: 2))
        return place
    }

    /// From the backfill on the rule sends once an hour.
    private func report(_ log: any LogReader) throws -> WhatIfReport {
        let digest = try #require(try log.activations().last).ruleSet
        let files = try #require(try log.ruleSetFiles(digest))
        let rules = String(decoding: try #require(files.first { $0.name == "rules" }).content, as: UTF8.self)
        let key = "once_per: [data.order, recipient]"
        let given = try RuleFile.parse(
            Array(rules.replacing(key, with: key + "\n    every: 1h").utf8), fileName: "rules"
        ) { name in files.first { $0.name == Text(name) }?.content }
        var request = WhatIfRequest(rules: given, file: "rules")
        request.start = .position(try log.head().position)
        request.isPersonal = false
        var comparison = WhatIf(log, request)
        return try comparison.run()
    }

    @Test("What-if on the redacted file says what it says on the log", arguments: [false, true])
    func same(redactsNumbers: Bool) throws {
        let place = try place()
        let expected = try report(SQLiteReplayLog(path: place.path("test.db")))
        #expect(expected.counts == .init(new: 2, changed: 2) && expected.obstacles.isEmpty)
        let key = [UInt8](repeating: 7, count: BundleLimits.keyBytes)
        try place.export(redaction: Redaction(key: key, redactsNumbers: redactsNumbers))
        let found = try report(LogFile(path: place.path()))
        #expect(found.counts == expected.counts && found.rules == expected.rules)
        #expect(found.reasons == expected.reasons && found.fields == expected.fields)
        #expect(found.samples == expected.samples && found.recipients == expected.recipients)
        #expect(found.endedRecorded == expected.endedRecorded && found.endedGiven == expected.endedGiven)
        #expect(found.assumptions == expected.assumptions && found.obstacles == expected.obstacles)
    }

    @Test("Of a backfill times and counts stay, and what a person wrote goes", arguments: [false, true])
    func payload(redactsNumbers: Bool) throws {
        let place = try place()
        let key = [UInt8](repeating: 7, count: BundleLimits.keyBytes)
        try place.export(redaction: Redaction(key: key, redactsNumbers: redactsNumbers))
        let before = try #require(try events(of: place.store).last)
        let after = try #require(try events(of: LogFile(path: place.path())).last)
        var whole = try #require(Backfill(payload: before.event.payload))
        let redacted = try #require(Backfill(payload: after.event.payload))
        for text in [redacted.request, redacted.actor, redacted.reason] {
            #expect(text.string.wholeMatch(of: #/r-[0-9a-f]{20}/#) != nil)
        }
        #expect(redacted.request == after.event.subject && redacted.ruleSet != whole.ruleSet)
        (whole.request, whole.actor, whole.reason) = (redacted.request, redacted.actor, redacted.reason)
        whole.ruleSet = redacted.ruleSet
        #expect(redacted == whole && whole.range.occurredFrom == .start + .hours(1))
    }

    @Test("A control event of a kind that is yet to come keeps its times and counts, and no other text")
    func unknown() throws {
        let place = try Place(.file)
        let time = Timestamp.start.text
        let kept = #""at":"\#(time)","n":5,"list":[{"until":"\#(time)","n":1.5}],"is":true,"none":null"#
        let payload = #"{\#(kept),"day":"2026-11-21","who":"Ann","reason":"\#(time)"}"#
        try place.log([
            Event(
                type: "sendonce.reissue", source: Event.controlSource, payload: Array(payload.utf8),
                occurredAt: .start)
        ])
        let key = [UInt8](repeating: 7, count: BundleLimits.keyBytes)
        try place.export(redaction: Redaction(key: key, redactsNumbers: true))
        let after = try #require(try events(of: LogFile(path: place.path())).first)
        let text = String(decoding: after.event.payload, as: UTF8.self)
        #expect(
            text.wholeMatch(
                of: #/\{(.*),"day":"r-[0-9a-f]{20}","who":"r-[0-9a-f]{20}","reason":"r-[0-9a-f]{20}"\}/#)?.1
                == Substring(kept))
    }
}
