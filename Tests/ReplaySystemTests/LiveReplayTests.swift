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
        for round in 0..<2 {
            let trace = "trace-\(round)"
            let result = try log.replay(through: [
                "strace", "-f", "-o", log.sandbox.path(trace), "-e", "trace=fcntl,pread64",
            ])
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            let calls = log.sandbox.read(trace).split(separator: "\n").compactMap { Call($0) }
            #expect(calls.compactMap(\.lockToWrite) == [])
            let reads = Self.readsOfSnapshots(calls)
            // There are six pages of events: whatever else is read, none of them is the half of all.
            #expect(!reads.isEmpty)
            #expect((reads.max() ?? 0) * 2 < calls.count(where: \.isRead), "\(reads)")
        }
        #expect(writer.isRunning, "\(writer.errorText)")
        try log.sandbox.write("", to: "stop")
        #expect(writer.wait() == 0, "it was held up: \(writer.errorText)")
        let written = writer.outputText.split(separator: "\n").last.flatMap { Int($0) } ?? 0
        #expect(written > 0)
    }

    @Test("Replay gives way to others before it begins anything, unless it is told not to")
    func givesWay() throws {
        let log = try ReplayedLog(events: 10)
        func calls(_ arguments: [String]) throws -> [Substring] {
            let result = try log.replay(
                through: [
                    "strace", "-f", "-o", log.sandbox.path("trace"), "-e",
                    "trace=sched_setscheduler,sched_setattr,clone,clone3,openat",
                ], arguments)
            #expect(result.status == 0, "\(result.output)\(result.errors)")
            return log.sandbox.read("trace").split(separator: "\n")
        }
        let gentle = try calls(["verify"])
        let courtesy = try #require(
            gentle.firstIndex { $0.contains("sched_setscheduler(0, SCHED_IDLE, [0])") && $0.hasSuffix("= 0") }
        )
        let thread = try #require(gentle.firstIndex { $0.contains(" clone") })
        let database = try #require(gentle.firstIndex { $0.contains("\"\(log.database)\"") })
        #expect(courtesy < thread && courtesy < database)
        // Nor does a thread take it back.
        #expect(gentle.count { $0.contains("sched_set") } == 1)
        #expect(try calls(["verify", "--pace", "full"]).allSatisfy { !$0.contains("sched_set") })
    }

    /// How often a file was read while a part of the WAL was held, for each time that it was. To the kernel
    /// all threads of a process hold together.
    private static func readsOfSnapshots(_ calls: [Call]) -> [Int] {
        var held: [Int64: Int] = [:]
        var ended: [Int] = []
        for call in calls {
            switch call {
            case .read:
                for place in Call.snapshots { held[place]? += 1 }
            case .lock("F_RDLCK", let place) where Call.snapshots.contains(place): held[place] = 0
            case .lock("F_UNLCK", let place):
                if let reads = held.removeValue(forKey: place) { ended.append(reads) }
            case .lock: break
            }
        }
        // What is held until the process ends is let go of by no call.
        return ended + held.values
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

/// A call as strace shows it.
private enum Call {
    case read
    /// What was asked for, on which byte.
    case lock(Substring, Int64)

    init?(_ line: Substring) {
        if line.contains("pread64(") {
            self = .read
        } else if line.contains("F_SETLK"), !line.contains(" = -1"),
            let type = Call.value("l_type=", in: line),
            let place = Call.value("l_start=", in: line).flatMap({ Int64($0) })
        {
            self = .lock(type, place)
        } else {
            // Also a lock to write on a file that is open to read, which the kernel refuses.
            return nil
        }
    }

    var isRead: Bool { if case .read = self { true } else { false } }

    /// The byte, if a lock was taken that only a writer takes: of the `-shm` file those for who writes, who
    /// checkpoints and who recovers (https://www.sqlite.org/walformat.html#wal_locks), of the database file
    /// those from the pending byte on.
    var lockToWrite: Int64? {
        guard case .lock("F_WRLCK", let place) = self else { return nil }
        return (120...122).contains(place) || place >= 0x4000_0000 ? place : nil
    }

    /// Bytes of the `-shm` file that hold a part of the WAL for a reader.
    static let snapshots: ClosedRange<Int64> = 123...127

    private static func value(_ name: String, in line: Substring) -> Substring? {
        guard let start = line.range(of: name)?.upperBound else { return nil }
        return line[start...].prefix { $0 != "," && $0 != "}" }
    }
}
