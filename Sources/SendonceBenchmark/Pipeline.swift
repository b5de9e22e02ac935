// The live system as `sendonce run` has it: a thread that projects and a thread that dispatches, on one
// store. Without what `run` does about errors: here the first one ends the measurement.
import Foundation
import SendonceClock
import SendonceCore
import SendonceCurl
import SendonceDelivery
import SendonceProjection
import SendonceStore
import Synchronization

/// Several on one log are what several hosts would run: give them one tally, and a store each.
final class Pipeline: Sendable {
    let tally: Tally
    private let store: AnyStore
    private let url: String
    private let projecting = Mutex(Work())
    private let dispatching = Mutex(Work())
    private let projectorAlarm = Alarm()
    private let dispatcherAlarm = Alarm()
    private let isStopping = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    /// As many in flight as the curl loop in C has.
    static let concurrency = 64

    init(store: AnyStore, url: String, tally: Tally = Tally()) {
        self.store = store
        self.url = url
        self.tally = tally
        spawn { try self.project() }
        spawn { try self.dispatch() }
    }

    static func route(url: String, concurrency: Int = concurrency) -> Route {
        Route(
            name: "brevo", kind: .brevo, url: url, secret: Secret("benchmark-key"), concurrency: concurrency)
    }

    /// Events that were moved, and how long the projector's thread did not sleep.
    var projected: Work { projecting.withLock { $0 } }
    /// Attempts that were settled, and how long the dispatcher's thread did not sleep.
    var dispatched: Work { dispatching.withLock { $0 } }

    /// Ends both threads; what is in flight is cut off.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        projectorAlarm.ring()
        dispatcherAlarm.ring()
        for _ in 0..<2 { ended.wait() }
    }

    private var isRunning: Bool { !isStopping.load(ordering: .relaxed) }

    private func spawn(_ body: @escaping @Sendable () throws -> Void) {
        Thread {
            do { try body() } catch { self.tally.fail(error) }
            self.ended.signal()
        }.start()
    }

    private func project() throws {
        let projector = LiveProjector(store: store)
        while isRunning {
            let version = try store.dataVersion()
            let start = Monotonic.now()
            let report = try projector.step(now: store.now())
            var moved = 0
            if case .moved(let batch) = report { moved = batch.events }
            projecting.withLock { $0.add(moved, since: start) }
            switch report {
            case .moved:
                dispatcherAlarm.ring()
                if version == nil, moved < 250 { projectorAlarm.wait(seconds: 0.005) }
            case .standby(let remaining):
                projectorAlarm.wait(seconds: min(1, Double(remaining.microseconds) / 1e6))
            case .idle, .noRuleSet: try waitForCommit(after: version)
            }
        }
        try store.resign()
    }

    /// Until somebody may have committed. A server is asked by the next look at the intake.
    private func waitForCommit(after version: Int64?) throws {
        guard let version else { return projectorAlarm.wait(seconds: 0.005) }
        while isRunning, try store.dataVersion() == version { projectorAlarm.wait(seconds: 0.002) }
    }

    private func dispatch() throws {
        let alarm = dispatcherAlarm
        let transport = try CurlTransport(CurlSettings(concurrency: Self.concurrency, allowsPlainHTTP: true))
        let route = ActiveRoute(Self.route(url: url), transport: transport, at: try store.now())
        let isOnServer = try store.dataVersion() == nil
        let gathering = isOnServer ? DispatchSettings.gatheringTimeOnServer : Span.milliseconds(0)
        let dispatcher = Dispatcher(
            queue: store, requests: RequestBuilder(store: store), routes: [route],
            settings: DispatchSettings(gatheringTime: gathering)
        ) { alarm.ring() }
        // Where the commands of other hosts may come from, nobody rings.
        let longest = isOnServer ? 0.025 : 0.1
        while isRunning {
            let start = Monotonic.now()
            let report = try dispatcher.turn(now: store.now(), monotonic: start)
            let rest = report.rest.map { Double($0.microseconds) / 1e6 }
            let seconds = report.isIdle ? try rest ?? idleSeconds(dispatcher, longest: longest) : nil
            dispatching.withLock { $0.add(report.settled, since: start) }
            tally.add(report)
            if let seconds { alarm.wait(seconds: seconds) }
        }
        _ = try dispatcher.close(now: store.now())
    }

    private func idleSeconds(_ dispatcher: Dispatcher, longest: Double) throws -> Double {
        let now = try store.now()
        guard let due = try dispatcher.nextTurn(after: now) else { return longest }
        return min(max(Double((due - now).microseconds) / 1e6, 0.001), longest)
    }
}

/// What a thread did, and how long it was at it; the time that it slept does not count.
struct Work {
    var pieces = 0
    var seconds = 0.0

    mutating func add(_ pieces: Int, since start: UInt64) {
        self.pieces += pieces
        seconds += Double(Monotonic.now() - start) / 1e9
    }

    /// What was done since an earlier look.
    func since(_ earlier: Work) -> Work {
        Work(pieces: pieces - earlier.pieces, seconds: seconds - earlier.seconds)
    }

    /// Pieces that the thread could do in a second in which it did not sleep.
    var pace: Double { seconds > 0 ? Double(pieces) / seconds : 0 }
}
