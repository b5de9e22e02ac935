// A long intake through the projector in a process that does nothing else, so that its resident memory is the
// projector's.
import Foundation

enum MemoryBenchmark {
    /// Issue's floor, in megabytes of 1,000,000 bytes.
    private static let floor = 100.0

    static func measure(_ sizes: Sizes) throws -> [Figure] {
        let folder = try TemporaryFolder()
        let path = try Workload.database("long", in: folder)
        try Workload.fill(path, orders: 0..<sizes.memoryEvents)
        let child = try ChildProcess(["--child", "memory", path])
        let words = child.readLine().split(separator: " ").compactMap { Double($0) }
        child.wait()
        guard words.count == 3, Int(words[0]) == sizes.memoryEvents else {
            throw BenchmarkError("the projector's process did not come to its end")
        }
        let events = sizes.memoryEvents
        return [
            Figure(
                "resident memory at its peak, \(events) events", words[2] / 1e6, "MB", floor: .atMost(floor)),
            Figure("projection, \(events) events", words[0] / words[1], "events/s"),
        ]
    }

    /// The child's part. Prints events, seconds and the peak of resident memory in bytes.
    static func projectAll(_ path: String) throws {
        let (events, cost) = try ProjectionBenchmark.projectAll(path)
        print(events, cost.seconds, try peakBytes())
    }

    /// `VmHWM` of proc(5): the peak of this process since it was executed.
    static func peakBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").compactMap({ Int($0) }).first else {
            throw BenchmarkError("/proc/self/status has no VmHWM")
        }
        return kilobytes * 1_024
    }
}
