// A dispatcher on a real store whose turns a test takes one by one, and the provider's side of it.
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Synchronization

/// A dispatcher with that many commands due, and the provider's side of them.
final class Desk {
    let dispatcher: Dispatcher
    let queue: ObservedQueue
    private let store: SQLiteStore
    private let transport = SimulatedTransport()
    private let folder: URL

    init(
        orders: ClosedRange<Int>, settleBatch: Int = 500, gatheringTime: Span = .milliseconds(5),
        connectTimeout: Int = 10_000, totalTimeout: Int = 60_000
    ) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("sendonce-gathering-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("outbox.sqlite").path
        _ = try SQLiteMigration(path: path).up(now: World.start)
        store = try SQLiteStore(path: path)
        let plan = try RuleSetActivation.plan(try SimulatedRules.parsed(variant: 0), in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "test", reason: "test", confirmedKeys: nil, now: World.start, in: store)
        let route = Route(
            name: "brevo", kind: .brevo, url: "https://brevo.test", secret: Secret("key"), concurrency: 8,
            connectTimeout: connectTimeout, totalTimeout: totalTimeout)
        queue = ObservedQueue(store)
        dispatcher = Dispatcher(
            queue: queue, requests: RequestBuilder(store: store),
            routes: [ActiveRoute(route, transport: transport, at: World.start)],
            settings: DispatchSettings(settleBatch: settleBatch, gatheringTime: gatheringTime), wake: {})
        try append(orders)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Commands for orders of these numbers, due from the world's start on.
    func append(_ orders: ClosedRange<Int>) throws {
        for order in orders {
            let payload = #"{"order":\#(order),"email":"ann@x.test"}"#
            _ = try store.append(
                NewEvent(
                    type: "alarm.raised", payload: Array(payload.utf8), occurredAt: Text(World.start.text)))
        }
        _ = try LiveProjector(store: store).step(now: World.start)
    }

    /// A turn so many milliseconds after the first one, with a wall clock that is `ahead`.
    func turn(at milliseconds: Int64, ahead: Span = Span(microseconds: 0), isClaiming: Bool = true) throws
        -> DispatchReport
    {
        try dispatcher.turn(
            now: World.start + .milliseconds(milliseconds) + ahead, monotonic: Desk.monotonic(milliseconds),
            isClaiming: isClaiming)
    }

    /// The same moment by the monotonic clock.
    static func monotonic(_ milliseconds: Int64) -> UInt64 { UInt64(milliseconds + 1_000) * 1_000_000 }

    /// Until when the requests that have no answer yet may be issued, by the monotonic clock.
    var issueDeadlines: [UInt64] {
        transport.state.withLock { $0.arrivals.map(\.0.issueDeadline) }
    }

    /// Another dispatcher, whose clock is right, claims all that is due so many milliseconds after the first
    /// turn, and is never heard of again.
    func claimAndDie(at milliseconds: Int64, lease: Span) throws -> Int {
        try store.claim(
            [RouteShare(route: "brevo", commands: 8)], now: World.start + .milliseconds(milliseconds),
            lease: lease, dispatcher: "dead"
        ) { _ in .attempt(request: .zero) }.claimed.count
    }

    /// The provider accepts as many of the requests that it has not answered yet.
    func answer(_ count: Int) {
        let taken = transport.state.withLock { state in
            defer { state.arrivals.removeFirst(count) }
            return Array(state.arrivals.prefix(count))
        }
        for (request, answered) in taken {
            answered([
                TransportAnswer(
                    number: request.number, code: 0, issues: 1, bodyBytesSent: request.body.count,
                    status: 201,
                    body: Array(#"{"messageId":"<\#(request.number)@x.test>"}"#.utf8))
            ])
        }
    }
}
