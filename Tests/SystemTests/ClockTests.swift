// A host whose clock is set back while nothing happens.
import Foundation
import ProcessSupport
import SendonceFake
import Testing

extension SystemTests {
    @Test("Neither projector nor dispatcher waits for a time of day, which a clock that is set back puts off")
    func waits() async throws {
        let sandbox = try Sandbox()
        let fake = FakeBrevo(FakeBrevo.Configuration(key: "fake-key"))
        try sandbox.writeSettings(port: try await fake.start(), leaseSeconds: 30, totalTimeout: 10_000)
        try sandbox.writeRules()
        try sandbox.prepare()
        let run = try Program(
            "/usr/bin/strace",
            ["-f", "-Y", "-o", sandbox.path("trace"), "-e", "trace=futex", Place.sendonce, "run"], in: sandbox
        )
        defer { run.child.map { _ = kill($0, SIGKILL) } }
        func waits(_ thread: String) -> [Substring] {
            sandbox.read("trace").split(separator: "\n").filter {
                $0.contains("<\(thread)>") && $0.contains("FUTEX_WAIT") && $0.contains("{tv_sec=")
            }
        }
        for thread in ["projector", "dispatcher"] {
            try eventually("the \(thread) waits: \(run.errorText)") { waits(thread).count > 20 }
        }
        try #require(kill(try #require(run.child), SIGTERM) == 0)
        #expect(run.wait() == 0, "\(run.errorText)")
        for thread in ["projector", "dispatcher"] {
            #expect(waits(thread).filter { $0.contains("FUTEX_CLOCK_REALTIME") }.prefix(1) == [])
        }
        await fake.stop()
    }
}
