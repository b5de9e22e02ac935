// The live system as `sendonce run` has it: a thread that projects and a thread that dispatches, on one
// store. Without what `run` does about errors: here the first one ends the measurement.
import Foundation
import SendonceCore
import SendonceCurl
import SendonceDelivery
import SendonceProjection
import SendonceSQLite
import SendonceStore
import Synchronization

final class Pipeline: Sendable {
    let tally = Tally()
    private let store: SQLiteStore
    private let url: String
    private let projectorAlarm = Alarm()
    private let dispatcherAlarm = Alarm()
    private let isStopping = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(path: String, url: String) throws {
        store = try SQLiteStore(path: path)
        self.url = url
        spawn { try self.project() }
        spawn { try self.dispatch() }
    }

    /// As many in flight as the curl loop in C has.
    static let concurrency = 64

    static func route(url: String, concurrency: Int = concurrency) -> Route {
        Route(
            name: "brevo", kind: .brevo, url: url, secret: Secret("benchmark-key"), concurrency: concurrency)
    }

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
            if case .moved = try projector.step(now: Clock.now()) {
                dispatcherAlarm.ring()
                continue
            }
            while isRunning, try store.dataVersion() == version { projectorAlarm.wait(seconds: 0.002) }
        }
    }

    private func dispatch() throws {
        let alarm = dispatcherAlarm
        let transport = try CurlTransport(CurlSettings(concurrency: Self.concurrency, allowsPlainHTTP: true))
        let route = ActiveRoute(Self.route(url: url), transport: transport, at: Clock.now())
        let dispatcher = Dispatcher(queue: store, requests: RequestBuilder(store: store), routes: [route]) {
            alarm.ring()
        }
        while isRunning {
            let report = try dispatcher.turn(now: Clock.now(), monotonic: Clock.monotonic())
            tally.add(report)
            if report.isIdle { alarm.wait(seconds: try idleSeconds(dispatcher)) }
        }
        _ = try dispatcher.close(now: Clock.now())
    }

    private func idleSeconds(_ dispatcher: Dispatcher) throws -> Double {
        guard let due = try dispatcher.nextTurn(after: Clock.now()) else { return 0.1 }
        return min(max(Double((due - Clock.now()).microseconds) / 1e6, 0.005), 0.1)
    }
}
