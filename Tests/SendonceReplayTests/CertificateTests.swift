// What a certificate says of heads, ends, and of what could not be told; and that it goes on while others
// write.
import Foundation
import SendonceCore
import SendonceReplay
import SendonceStore
import Testing

@Suite("Certificates")
struct CertificateTests {
    private func shop(_ kind: StoreKind = .sqlite) throws -> ReplayPlace {
        let place = try ReplayPlace(kind)
        var shop = Shop(place.store, seed: 3)
        try shop.run(rounds: 2, events: 100, batchEvents: 50)
        return place
    }

    @Test("An empty log is the same", arguments: StoreKind.allCases)
    func empty(_ kind: StoreKind) throws {
        let certificate = try ReplayPlace(kind).verify()
        #expect(certificate.verdict == .same)
        #expect(certificate.name == nil && certificate.to == 0 && certificate.counts.events == 0)
    }

    @Test("The same log gives the same bytes, whatever secret is drawn")
    func sameBytes() throws {
        let place = try shop()
        let texts = try (0..<3).map { _ in try place.verify().json.jsonText }
        #expect(Set(texts).count == 1)
        #expect(texts.first?.contains(#""verdict":"same""#) == true)
        #expect(try place.verify().text.contains("positions             1 to 202"))
    }

    @Test("A head that was kept elsewhere fits, or the log was rewritten", arguments: StoreKind.allCases)
    func keptHead(_ kind: StoreKind) throws {
        let place = try shop(kind)
        let head = try place.log().head()
        let early = try #require(try place.log().events(after: 49, limit: 1, bytes: 0).first)
        for kept in [head, LogHead(position: 50, link: early.link)] {
            #expect(try place.verify { $0.expectedHead = kept }.verdict == .same)
        }
        for wrong in [
            LogHead(position: head.position, link: .zero),
            LogHead(position: head.position + 1, link: head.link),
        ] {
            let certificate = try place.verify { $0.expectedHead = wrong }
            #expect(certificate.verdict == .differs)
            #expect(certificate.differences.map(\.subject) == [.head])
            #expect(certificate.differences.first?.position == wrong.position)
        }
    }

    @Test("A position behind the head cannot be told")
    func behindHead() throws {
        let certificate = try shop().verify { $0.to = 1_000 }
        #expect(certificate.verdict == .unclear)
        #expect(certificate.obstacles == ["position 1000 was asked for, but the log ends at 202"])
    }

    @Test("A control event of an unknown kind cannot be told, and what stands before it is verified")
    func unknownControlEvent() throws {
        let place = try shop()
        // As a later version would write it: with a link that fits.
        let store = place.store
        try store.project { transaction throws(StoreError) in
            let event = Event(
                type: "sendonce.later", source: "sendonce", payload: Array("{}".utf8), occurredAt: .start)
            let head = try transaction.head()
            var batch = ProjectedBatch()
            batch.events = [
                LoggedEvent(
                    position: head.position + 1, event: event, link: head.adding(event).link,
                    recordedAt: .start)
            ]
            batch.decisions = [
                Decision(position: head.position + 1, reason: .control(detail: "something"))
            ]
            try transaction.write(batch)
        }
        let certificate = try place.verify()
        #expect(certificate.verdict == .unclear, "\(certificate.text)")
        #expect(certificate.obstacles.count == 1)
        #expect(certificate.obstacles.first?.contains("position 203") == true)
        #expect(certificate.digests.recomputedDecisions == nil)
        #expect(try place.verify { $0.to = 202 }.verdict == .same)
    }

    @Test("A certificate that differs, or covers too little, cannot be gone on with")
    func refusedCheckpoints() throws {
        let place = try shop()
        #expect(throws: CertificateDefect.self) {
            try Certificate.checkpoint(inJSON: Array(place.verify().json.jsonText.utf8))
        }
        try place.tamper("UPDATE outbox_decision SET recipient = 'eve@x.test' WHERE reason = 'emitted'")
        #expect(throws: CertificateDefect.self) {
            try Certificate.checkpoint(inJSON: Array(place.verify().json.jsonText.utf8))
        }
        #expect(throws: CertificateDefect.self) { try Certificate.checkpoint(inJSON: Array("no".utf8)) }
    }

    @Test("The first differences by position are shown, and all are counted")
    func manyDifferences() throws {
        let place = try shop()
        let changed = try place.number("SELECT count(*) FROM outbox_decision WHERE recipient IS NOT NULL")
        try place.tamper("UPDATE outbox_decision SET recipient = 'eve@x.test' WHERE recipient IS NOT NULL")
        let certificate = try place.verify()
        #expect(certificate.differenceCount == changed)
        #expect(certificate.differences.count == VerificationLimits.shownDifferences)
        let positions = certificate.differences.map(\.position)
        #expect(positions == positions.sorted())
        #expect(
            positions.first
                == (try place.number("SELECT min(position) FROM outbox_decision WHERE recipient IS NOT NULL"))
        )
    }

    @Test("While the live system goes on, every verification is clean", arguments: StoreKind.allCases)
    func whileLive(_ kind: StoreKind) throws {
        let place = try shop(kind)
        var shop = Shop(place.store, seed: 77)
        let live = LiveSystem(place.store, (0..<600).map { _ in shop.event() })
        live.start()
        var last: Int64 = 0
        repeat {
            let certificate = try place.verify(readers: 3)
            #expect(certificate.verdict == .same, "\(certificate.text)")
            #expect(certificate.to >= last)
            last = certificate.to
        } while !live.isDone
        try live.check()
        let certificate = try place.verify()
        #expect(certificate.verdict == .same && certificate.to == 802, "\(certificate.text)")
    }
}

/// Writes and projects on a thread of its own.
private final class LiveSystem: @unchecked Sendable {
    // Unchecked: `done` and `failure` are touched while `lock` is held.
    private let store: LiveStore
    private let events: [NewEvent]
    private let lock = NSLock()
    private var done = false
    private var failure: (any Error)?

    init(_ store: LiveStore, _ events: [NewEvent]) {
        self.store = store
        self.events = events
    }

    func start() {
        Thread { [self] in
            let outcome = Result { try write() }
            lock.withLock {
                done = true
                if case .failure(let error) = outcome { failure = error }
            }
        }.start()
    }

    private func write() throws {
        let shop = Shop(store, seed: 1)
        for start in stride(from: 0, to: events.count, by: 20) {
            for event in events[start..<start + 20] { _ = try store.append(event) }
            try shop.project(batchEvents: 7, at: .start + .days(1))
        }
    }

    var isDone: Bool { lock.withLock { done } }

    func check() throws {
        if let failure = lock.withLock({ failure }) { throw failure }
    }
}
