// This program again as a helper, so that the helper's memory and processor time are not counted as ours.
import Foundation

/// A helper with pipes to its input and from its output. It ends when its input does.
final class ChildProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ arguments: [String], onOneCore: Bool = false) throws {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        // util-linux; the child's threads inherit the one core that it may use.
        process.executableURL = onOneCore ? URL(fileURLWithPath: "/usr/bin/taskset") : program
        process.arguments = (onOneCore ? ["-c", "0", program.path] : []) + arguments
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

    /// Ends its input and waits for it.
    func wait() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
