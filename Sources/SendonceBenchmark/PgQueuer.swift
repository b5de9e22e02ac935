// PgQueuer as a peer: `fixtures/peers/pgqueuer` does the same job with it, in processes of its own.
import Foundation

struct PgQueuer {
    private let python: String
    private let script: String

    /// What to say where it is not installed.
    static let absence = """
        PgQueuer is not installed, so nothing is measured beside it: run `make peers`, and the benchmark \
        from the repository's folder
        """

    /// nil where it is not installed, or where the working directory is not the repository's.
    init?() {
        python = ".build/peers/pgqueuer/bin/python3"
        script = "fixtures/peers/pgqueuer/peer.py"
        let files = FileManager.default
        guard files.isExecutableFile(atPath: python), files.isReadableFile(atPath: script) else { return nil }
    }

    /// From the first enqueue to the last recorded success. `connections` append, `rows` to a transaction.
    func deliver(
        _ mails: Int, on database: ServerDatabase, to sink: Sink, connections: Int, rows: Int
    ) throws -> Cost {
        let child = try ChildProcess(
            [
                script, "round", "--url", sink.url + "/v3/smtp/email", "--mails", String(mails),
                "--connections", String(connections), "--rows", String(rows),
            ], of: python, environment: try database.environment())
        let words = child.readLine().split(separator: " ")
        child.wait()
        guard let seconds = words.first.flatMap({ Double($0) }) else {
            throw BenchmarkError("PgQueuer did not come to its end; its words are above")
        }
        return Cost(seconds: seconds, processor: 0)
    }
}
