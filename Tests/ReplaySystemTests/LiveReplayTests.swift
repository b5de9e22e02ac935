// Replay beside a writer that waits for nobody: what it asked of the kernel to lock.
import Foundation
import ProcessSupport
import Testing

@Suite("Replay: beside a live database")
struct LiveReplayTests {
    @Test(
        "Beside a writer without patience verify locks nothing to write, and lets go of the WAL at each page")
    func besideWriter() throws {
        let events = 3_000
        let log = try ReplayedLog(events: events)
        let writer = try Program.python(
            ["-c", Self.writer, log.database, log.sandbox.path("stop")], in: log.sandbox)
        try eventually("it writes: \(writer.errorText)") { writer.outputText.contains("began") }
        var locks: [Lock] = []
        for round in 0..<2 {
            let trace = "trace-\(round)"
            let result = try log.replay(through: [
                "strace", "-f", "-o", log.sandbox.path(trace), "-e", "trace=fcntl",
            ])
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            locks += log.sandbox.read(trace).split(separator: "\n").compactMap { Lock($0) }
        }
        #expect(writer.isRunning, "\(writer.errorText)")
        try log.sandbox.write("", to: "stop")
        #expect(writer.wait() == 0, "it was held up: \(writer.errorText)")
        let written = writer.outputText.split(separator: "\n").last.flatMap { Int($0) } ?? 0
        #expect(written > 0)

        let taken = locks.filter { $0.isToWrite && Lock.isWriters($0.place) }.map(\.place)
        #expect(taken == [])
        let releases = locks.count { $0.kind == "F_UNLCK" && Lock.snapshots.contains($0.place) }
        // Pages of 512 events, in each of the two rounds.
        #expect(releases >= 2 * (events / 512), "\(releases)")
    }

    /// Writes a transaction after the other, each at once or not at all, until a file is there.
    private static let writer = """
        import os, sqlite3, sys
        base = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
        count = 0
        while not os.path.exists(sys.argv[2]):
            base.execute("BEGIN IMMEDIATE")
            base.execute("INSERT INTO outbox (event_type, payload) VALUES ('order.placed', '{}')")
            base.execute("COMMIT")
            count += 1
            if count == 1: print("began", flush=True)
        print(count)
        """
}

/// A lock on a byte of a file, as strace shows the call.
private struct Lock {
    let kind: String
    let place: Int64

    init?(_ line: Substring) {
        // A file that is open to read refuses a lock to write.
        guard line.contains("F_SETLK"), !line.contains(" = -1"), let kind = Lock.value("l_type=", in: line),
            let place = Lock.value("l_start=", in: line).flatMap({ Int64($0) })
        else { return nil }
        (self.kind, self.place) = (kind, place)
    }

    var isToWrite: Bool { kind == "F_WRLCK" }

    /// Bytes of the `-shm` file that say who writes, who checkpoints and who recovers
    /// (https://www.sqlite.org/walformat.html#wal_locks), and of the database file those of its writer.
    static func isWriters(_ place: Int64) -> Bool { (120...122).contains(place) || place >= 0x4000_0000 }

    /// Bytes of the `-shm` file that keep a part of the WAL for a reader.
    static let snapshots: ClosedRange<Int64> = 123...127

    private static func value(_ name: String, in line: Substring) -> String? {
        guard let start = line.range(of: name)?.upperBound else { return nil }
        return String(line[start...].prefix { $0 != "," && $0 != "}" })
    }
}
