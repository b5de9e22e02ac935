// Real child processes: started, watched, killed by the id that we were given.
import Foundation

/// A child process whose output goes to files, so that a full pipe can never stop it.
package final class Program {
    private let process = Process()
    private let output: URL
    private let errors: URL

    package var identifier: Int32 { process.processIdentifier }
    package var isRunning: Bool { process.isRunning }
    package var outputText: String { Program.text(output) }
    package var errorText: String { Program.text(errors) }

    package init(
        _ program: String, _ arguments: [String], in sandbox: Sandbox, environment: [String: String] = [:]
    ) throws {
        let name = UUID().uuidString
        output = sandbox.directory.appendingPathComponent("out-\(name)")
        errors = sandbox.directory.appendingPathComponent("err-\(name)")
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = sandbox.directory
        // What a process remembers outside its database goes with the test, and a machine without a name of
        // its own is as good as any other.
        let state = ["XDG_STATE_HOME": sandbox.path("state"), "SENDONCE_DEPLOYMENT": "test"]
        process.environment = ProcessInfo.processInfo.environment.merging(state) { $1 }
            .merging(environment) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    package static func sendonce(_ arguments: String..., in sandbox: Sandbox) throws -> Program {
        try Program(Place.sendonce, arguments, in: sandbox)
    }

    package static func python(_ arguments: [String], in sandbox: Sandbox) throws -> Program {
        try Program("/usr/bin/env", ["python3"] + arguments, in: sandbox)
    }

    /// Waits for the end and gives the exit code; a signal counts as its negative number.
    @discardableResult
    package func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// Waits for the end and gives all that was printed.
    package func finish() -> CommandResult {
        let status = wait()
        return CommandResult(status: status, output: outputText, errors: errorText)
    }

    package func kill(_ signal: Int32) {
        Foundation.kill(process.processIdentifier, signal)
    }

    deinit {
        if process.isRunning {
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    private static func text(_ url: URL) -> String {
        (try? Data(contentsOf: url)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// What a finished command printed.
package struct CommandResult {
    package var status: Int32
    package var output: String
    package var errors: String
}

extension Sandbox {
    /// Runs `sendonce` to its end.
    @discardableResult
    package func sendonce(_ arguments: String...) throws -> CommandResult {
        try sendonce(arguments)
    }

    /// Runs `sendonce` to its end, with more in its environment.
    @discardableResult
    package func sendonce(_ arguments: [String], environment: [String: String] = [:]) throws -> CommandResult
    {
        try Program(Place.sendonce, arguments, in: self, environment: environment).finish()
    }
}
