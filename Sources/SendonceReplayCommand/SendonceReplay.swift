// The program that can look and cannot send: it reads a log and says what follows from it.
import ArgumentParser
import Foundation
import SendonceBundle
import SendonceStore

@main
struct SendonceReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sendonce-replay",
        abstract: "Decides a log again, and can neither write nor send.",
        subcommands: [VerifyCommand.self, WhatIfCommand.self, HeadCommand.self])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as StoreError {
            FileHandle.standardError.write(Data("sendonce-replay: \(error.description)\n".utf8))
            exit(withError: ExitCode(2))
        } catch let error as BundleError {
            FileHandle.standardError.write(Data("sendonce-replay: \(error.description)\n".utf8))
            exit(withError: ExitCode(2))
        } catch {
            exit(withError: error)
        }
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}

/// Who comes first where others want the same processors, or the same server.
enum Pace: String, ExpressibleByArgument, CaseIterable {
    /// The others.
    case gentle
    /// Nobody.
    case full
}

/// Where the log is, and how it is read.
struct LogPlace: ParsableArguments {
    @Option(
        help: """
            SQLite file, PostgreSQL address, or a file of `sendonce export` that ends in .jsonl. Default: \
            SENDONCE_DATABASE, then sendonce.sqlite.
            """)
    var database: String?

    @Option(
        help: """
            gentle: take the processors that nobody else wants, and hold back while others write on a \
            PostgreSQL server. full: go as fast as it can.
            """)
    var pace = Pace.gentle
}

/// Where the log is, and how to print what is found.
struct LogOptions: ParsableArguments {
    @OptionGroup var place: LogPlace

    @Option(help: "text or json.")
    var output: OutputFormat = .text
}
