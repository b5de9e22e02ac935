// Tests of the whole on PostgreSQL: real servers, real processes, a provider over loopback, and what happens
// to all of them.
import SendonceFake
import Testing

/// One at a time: each of these keeps the machine busy, and a starved test proves nothing.
@Suite(.serialized)
struct PostgresSystemTests {}

extension FakeBrevo {
    /// A fake that lets a `Shop` in.
    convenience init(_ chaos: ChaosPlan = .calm, threads: Int = 1) {
        var configuration = Configuration()
        configuration.apiKeys = ["fake-key"]
        configuration.chaos = chaos
        configuration.threadCount = threads
        self.init(configuration)
    }

    /// The orders of which a confirmation was accepted, in the order of acceptance, repeats included.
    var acceptedOrders: [Int] {
        accepted().compactMap { acceptance in
            acceptance.params.flatMap { params in Int(params.filter(\.isNumber)) }
        }
    }
}

extension FakeBrevo.ChaosPlan {
    /// Every request is accepted, and answered so much later.
    static func slow(milliseconds: Int) throws -> FakeBrevo.ChaosPlan {
        try FakeBrevo.ChaosPlan(seed: 1, chances: [.init(.acceptThenLate(milliseconds: milliseconds), 1)])
    }
}
