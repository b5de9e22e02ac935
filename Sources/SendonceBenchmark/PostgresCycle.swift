// Claim and settle on PostgreSQL, 500 at a time, with an answer that costs nothing: by one dispatcher, or by
// several at once, each with a store, a connection and a thread of its own.
import Foundation
import SendonceCore
import SendoncePostgres
import SendonceStore
import Synchronization

struct PostgresCycle {
    /// The issue's floor, of the server as a whole: `SKIP LOCKED` lets two dispatchers work side by side.
    static let floor = 60_000.0

    let settings: PostgresSettings

    /// Sends all of the queue, which holds so many commands.
    func run(dispatchers: Int, commands: Int) throws -> Cost {
        let stores = try (0..<dispatchers).map { _ in try PostgresStore(settings, name: "benchmark") }
        let settled = Atomic(0)
        let trouble = Mutex<(any Error)?>(nil)
        let cost = Clock.cost {
            let ended = DispatchSemaphore(value: 0)
            for store in stores {
                Thread {
                    do {
                        settled.add(try Self.deliver(store), ordering: .relaxed)
                    } catch {
                        trouble.withLock { $0 = error }
                    }
                    ended.signal()
                }.start()
            }
            for _ in stores { ended.wait() }
        }
        if let error = trouble.withLock({ $0 }) { throw error }
        guard settled.load(ordering: .relaxed) == commands else {
            throw BenchmarkError("\(settled.load(ordering: .relaxed)) of \(commands) commands were sent")
        }
        return cost
    }

    /// Until nothing is due; gives how many were settled. As the dispatcher does it: what came back is
    /// recorded in the transaction that claims the next.
    private static func deliver(_ store: PostgresStore) throws -> Int {
        var settled = 0
        var answered: [Settlement] = []
        while true {
            let round = try store.settle(
                answered, thenClaim: [RouteShare(route: "brevo", commands: 500)], now: Clock.now(),
                lease: .minutes(1), dispatcher: "benchmark"
            ) { .attempt(request: $0.command.key.digest) }
            settled += round.results.count { $0 == .recorded }
            let claimed = try round.claim.get().claimed
            if claimed.isEmpty { return settled }
            let now = Clock.now()
            answered = claimed.map {
                Settlement(
                    number: $0.due.number, attempt: $0.attempt, token: $0.token,
                    verdict: Verdict(
                        .accepted, messageID: Text("<\($0.due.number)@x.test>"), code: "http_201"),
                    step: .finish(.accepted), status: 201, issues: 1, finishedAt: now)
            }
        }
    }
}
