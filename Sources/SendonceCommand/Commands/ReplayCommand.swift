// `sendonce replay` and `sendonce head`: another program, which cannot send, takes this one's place.
import ArgumentParser
import Foundation
import Glibc

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Decide the log again, without any means to write or send.",
        discussion: "Runs sendonce-replay with the rest of the line: `sendonce replay --help` is its help.")

    @Argument(parsing: .captureForPassthrough, help: "What to do, for example: verify.")
    var arguments: [String] = []

    func run() async throws { try await ReplayProgram.become(arguments) }
}

struct HeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head", abstract: "Print where the log ends, to keep elsewhere: sendonce-replay head.")

    @Argument(parsing: .captureForPassthrough, help: "Options of `sendonce-replay head`.")
    var arguments: [String] = []

    func run() async throws { try await ReplayProgram.become(["head"] + arguments) }
}

enum ReplayProgram {
    private static let name = "sendonce-replay"

    /// Runs the program in the place of this one; returns only by throwing. It has no settings of its own:
    /// the database of ours is handed over in the environment, where nobody can read it in the process list.
    static func become(_ arguments: [String]) async throws {
        if !arguments.contains(where: { $0 == "--database" || $0.hasPrefix("--database=") }) {
            switch try await Settings.load(file: nil, database: nil).database {
            case .file(let text), .server(let text): setenv("SENDONCE_DATABASE", text, 1)
            }
        }
        for path in places() {
            let words = ([path] + arguments).map { strdup($0) }
            defer { words.forEach { free($0) } }
            execv(path, words + [nil])
        }
        throw CommandError(
            "\(name) is neither beside sendonce nor on PATH: install the two together "
                + "(`swift build -c release --product \(name)`)")
    }

    /// Beside this program first, so that the two are of one version; then where PATH says.
    private static func places() -> [String] {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return ([own.path] + path.split(separator: ":").map(String.init)).map { "\($0)/\(name)" }
            .filter { access($0, X_OK) == 0 }
    }
}
