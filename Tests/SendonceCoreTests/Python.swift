// A second opinion: the same question answered by another implementation, in a child process.
import Foundation

enum Python {
    struct Failure: Error {
        var status: Int32
        var words: String
    }

    /// The root of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func path(_ inPackage: String) -> String { root.appending(path: inPackage).path }

    /// What `python3` prints, as lines, when it runs with these arguments and reads this input.
    static func lines(_ arguments: [String], input: [String]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Files, because a pipe that nobody drains would stop both sides.
        let inputFile = folder.appending(path: "input")
        let outputFile = folder.appending(path: "output")
        let errorFile = folder.appending(path: "error")
        try Data((input.joined(separator: "\n") + "\n").utf8).write(to: inputFile)
        try Data().write(to: outputFile)
        try Data().write(to: errorFile)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = String(decoding: try Data(contentsOf: errorFile), as: UTF8.self)
            throw Failure(status: process.terminationStatus, words: words)
        }
        return String(decoding: try Data(contentsOf: outputFile), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }
}
