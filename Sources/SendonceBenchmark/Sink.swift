// A server that takes every POST and answers 201, in a process of its own.
import Glibc
import SendonceFake

final class Sink {
    private let child: ChildProcess
    let port: Int

    init() throws {
        child = try ChildProcess(["--child", "sink"])
        guard let port = Int(child.readLine()) else { throw BenchmarkError("the sink did not start") }
        self.port = port
    }

    deinit {
        child.wait()
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// The child's part: prints its port and serves until its input ends.
    static func serve() async throws {
        var configuration = FakeBrevo.Configuration()
        configuration.mode = .sink
        let fake = FakeBrevo(configuration)
        print(try await fake.start())
        fflush(nil)
        while readLine() != nil {}
        await fake.stop()
    }
}
