// Real child processes: started, watched, killed by the id that we were given.
import Foundation
import Testing

/// A child process whose output goes to files, so that a full pipe can never stop it.
final class Program {
    private let process = Process()
    private let output: URL
    private let errors: URL

    var identifier: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var outputText: String { Program.text(output) }
    var errorText: String { Program.text(errors) }

    init(
        _ program: String, _ arguments: [String], in sandbox: Sandbox, environment: [String: String] = [:]
    ) throws {
        let name = UUID().uuidString
        output = sandbox.directory.appendingPathComponent("out-\(name)")
        errors = sandbox.directory.appendingPathComponent("err-\(name)")
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = sandbox.directory
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    static func sendonce(_ arguments: String..., in sandbox: Sandbox) throws -> Program {
        try Program(Place.sendonce, arguments, in: sandbox)
    }

    static func python(_ arguments: [String], in sandbox: Sandbox) throws -> Program {
        try Program("/usr/bin/env", ["python3"] + arguments, in: sandbox)
    }

    /// Waits for the end and gives the exit code; a signal counts as its negative number.
    @discardableResult
    func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    func kill(_ signal: Int32) {
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
struct CommandResult {
    var status: Int32
    var output: String
    var errors: String
}

extension Sandbox {
    /// Runs `sendonce` to its end.
    @discardableResult
    func sendonce(_ arguments: String...) throws -> CommandResult {
        let program = try Program(Place.sendonce, arguments, in: self)
        let status = program.wait()
        return CommandResult(status: status, output: program.outputText, errors: program.errorText)
    }

    /// Runs `sendonce` and expects it to succeed.
    @discardableResult
    func mustSendonce(_ arguments: String..., location: SourceLocation = #_sourceLocation) throws -> String {
        let program = try Program(Place.sendonce, arguments, in: self)
        let status = program.wait()
        try #require(
            status == 0, "sendonce \(arguments) ended with \(status): \(program.errorText)",
            sourceLocation: location)
        return program.outputText
    }

    /// Tables and active rules, ready for events.
    func prepare() throws {
        try mustSendonce("migrate", "up")
        try mustSendonce("rules", "activate", "rules.yaml", "--by", "test")
    }
}

/// Looks until a condition holds, every 20 ms, for at most that many seconds. Not a sleep for luck: the
/// condition decides.
func eventually(
    _ what: String, within seconds: Double = 60, location: SourceLocation = #_sourceLocation,
    _ condition: () throws -> Bool
) throws {
    let end = Date(timeIntervalSinceNow: seconds)
    let pause = NSCondition()
    while try !condition() {
        try #require(Date() < end, "still not so after \(seconds) s: \(what)", sourceLocation: location)
        pause.lock()
        _ = pause.wait(until: Date(timeIntervalSinceNow: 0.02))
        pause.unlock()
    }
}
