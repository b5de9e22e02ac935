// A dispatcher with everything that dies with it: its connections, its transport, its memory of open
// attempts.
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceSQLite
import SendonceStore

/// One slot in which dispatchers live one after the other; a restart brings a new incarnation.
struct DispatcherProcess {
    let number: Int
    var incarnation = 0
    /// What its wall clock shows more than the world's.
    var skew = Span(microseconds: 0)
    var isPaused = false
    /// nil while it is dead.
    var life: Life?

    struct Life {
        var dispatcher: Dispatcher
        var transport: SimulatedTransport
        var queue: ObservedQueue
    }

    /// Of the route, for all dispatchers together; less than two of them could do.
    static let concurrency = 8
    static let rate = RouteRate(count: 14, per: .seconds(10))

    init(number: Int) {
        self.number = number
    }

    /// Starts the next incarnation on connections of its own.
    mutating func start(in world: World) throws {
        incarnation += 1
        let store = try SQLiteStore(path: world.path)
        let queue = try ObservedQueue(world.mechanism?.queue(without: store, path: world.path) ?? store)
        let transport = SimulatedTransport()
        var route = Route(
            name: "brevo", kind: .brevo, url: "https://brevo.test", secret: Secret("key-of-the-simulation"),
            rate: RateSettings(count: Self.rate.count, per: Self.rate.per), concurrency: Self.concurrency,
            schedule: RetrySchedule(attemptLimit: world.attemptLimit))
        route.sharedConcurrency = Self.concurrency
        // Every other one records outcomes as they come, as on a file; the rest gather them, as on a server.
        let settings = DispatchSettings(
            dispatcher: Text("dispatcher-\(number).\(incarnation)"),
            gatheringTime: number % 2 == 0 ? .seconds(3) : .milliseconds(0))
        let dispatcher = Dispatcher(
            queue: queue, requests: RequestBuilder(store: store),
            routes: [ActiveRoute(route, transport: transport, at: world.now + skew)], settings: settings,
            wake: {})
        life = Life(dispatcher: dispatcher, transport: transport, queue: queue)
    }
}
