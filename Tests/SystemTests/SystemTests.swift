// Tests of the whole: the real program, real processes, real files, a provider that misbehaves.
import SendonceFake
import Testing

/// One at a time: each of these keeps the machine busy, and a starved test proves nothing.
@Suite(.serialized)
struct SystemTests {}

extension FakeBrevo.Configuration {
    init(key: String, chaos: FakeBrevo.ChaosPlan = .calm) {
        self.init()
        apiKeys = [key]
        self.chaos = chaos
    }
}
