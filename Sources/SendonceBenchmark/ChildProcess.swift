// Helper processes, so that their memory and processor time are not counted as ours: this program again, or a
// peer.
import Foundation

/// A helper with pipes to its input and from its output. It ends when its input does.
final class ChildProcess {
    private static let ourselves = "/proc/self/exe"

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// `environment` comes on top of ours.
    init(
        _ arguments: [String], of program: String = ourselves, environment: [String: String] = [:],
        onOneCore: Bool = false
    ) throws {
        let url = URL(fileURLWithPath: program)
        // Python finds its packages beside the link by which it is called.
        let resolved = program == Self.ourselves ? url.resolvingSymlinksInPath() : url
        // util-linux; the child's threads inherit the one core that it may use.
        process.executableURL = onOneCore ? URL(fileURLWithPath: "/usr/bin/taskset") : resolved
        process.arguments = (onOneCore ? ["-c", "0", resolved.path] : []) + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// The next line of its output; what there is if it ends before.
    func readLine() -> String {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }

    func endInput() { try? input.fileHandleForWriting.close() }

    /// Ends its input and waits for it.
    func wait() {
        endInput()
        process.waitUntilExit()
    }
}
