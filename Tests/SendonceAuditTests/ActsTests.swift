// What people did to a message is part of its story.
import Foundation
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct ActsTests {
    private func act(_ kind: ActKind, at second: Int64) -> ActRecord {
        ActRecord(
            number: second, kind: kind, request: "r", actor: "ann\u{1B}", reason: "told by the shop",
            selection: "all", commands: 1, recordedAt: time(second))
    }

    @Test("Acts are told in their order, with who and why, and stand in the data")
    func told() throws {
        var rows = Recorded()
        rows.append(17)
        let id = rows.emit(17, standing: queued(.pending, due: 30))
        rows.done[id] = [act(.hold, at: 18), act(.release, at: 19)]
        let answer = try Why.answer(.command(id), in: rows, now: time(20), providerCapability: capability)
        let held = try #require(
            answer.text.range(of: "held it on 2026-11-21 22:04:18 UTC (“told by the shop”)."))
        let released = try #require(answer.text.range(of: "released it on 2026-11-21 22:04:19 UTC"))
        #expect(held.lowerBound < released.lowerBound && !answer.text.contains("\u{1B}"))
        #expect(answer.json.jsonText.contains(#""act":"release""#))
    }

    @Test("What a person resolved as not accepted is tried as if nothing had been")
    func resolved() throws {
        var rows = Recorded()
        rows.append(17)
        let lost = attempt(1, at: 18, outcome(.unknown, at: 19, "curl_28"))
        let id = rows.emit(17, route: "plain", standing: queued(.pending, due: 30), attempts: [lost])
        rows.done[id] = [act(.resolveNotAccepted, at: 25)]
        let answer = try Why.answer(.command(id), in: rows, now: time(26), providerCapability: capability)
        #expect(answer.stories.first?.message?.next == .attempt(number: 2, at: time(30)))
    }

    @Test("A message that was cancelled while nobody knew is not said to be unsent")
    func cancelledUnsure() throws {
        var rows = Recorded()
        rows.append(17)
        let lost = attempt(1, at: 18, outcome(.unknown, at: 19, "curl_28"))
        let id = rows.emit(17, standing: .finished(.cancelled, at: time(25), cause: nil), attempts: [lost])
        rows.done[id] = [act(.cancel, at: 25)]
        let answer = try Why.answer(.command(id), in: rows, now: time(26), providerCapability: capability)
        #expect(answer.text.hasPrefix("It is not known whether"), "\(answer.text)")
    }
}
