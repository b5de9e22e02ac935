// The command line: names, help and exit codes. Each command is a file of its own in Commands.
import ArgumentParser
import SendonceSQLite

@main
struct SendonceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sendonce",
        abstract: "An outbox for e-mail: one INSERT, one e-mail, and an answer to every why.",
        discussion: """
            An application writes events with one INSERT in its own transaction. Rules say what may be \
            sent once; `run` decides and delivers; `why` explains.

              sendonce migrate up                      make or update the tables
              sendonce rules activate rules.yaml       bring rules into force
              sendonce run                             decide and deliver until stopped
              sendonce why ann@shop.example            why she got a mail, or did not

            Exit codes: 0 yes or done, 1 the answer is no, 2 failed, 3 refused, 64 usage.
            """,
        version: SendonceVersion.text,
        subcommands: [
            DevCommand.self, RunCommand.self, InitCommand.self, MigrateCommand.self, DoctorCommand.self,
            AppendCommand.self, RulesCommand.self, TestCommand.self, WhyCommand.self, MessagesCommand.self,
            EventsCommand.self, HoldCommand.self, ReleaseCommand.self, CancelCommand.self,
            ResolveCommand.self, FenceCommand.self, BackfillCommand.self, ReplayCommand.self,
            HeadCommand.self, ExportCommand.self, ImportCommand.self, RebuildCommand.self,
            TransferCommand.self, FakeProviderCommand.self, VersionCommand.self,
        ])

    static func main() async {
        SQLiteEngine.stopCountingMemory()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let status as ExitCode {
            exit(withError: status)
        } catch let error as CommandError {
            Printer.message("sendonce: " + Printer.visible(error.words, keepingLines: true))
            exit(withError: ExitCode(error.status.rawValue))
        } catch  where exitCode(for: error) == .validationFailure || exitCode(for: error).isSuccess {
            if let better = MistypedCommand.words(for: Array(CommandLine.arguments.dropFirst())) {
                Printer.message("sendonce: \(better)")
                exit(withError: ExitCode(ExitStatus.usage.rawValue))
            }
            exit(withError: error)
        } catch {
            let error = CommandError(error)
            Printer.message("sendonce: " + Printer.visible(error.words, keepingLines: true))
            exit(withError: ExitCode(error.status.rawValue))
        }
    }
}

enum SendonceVersion {
    static let text = "0.1.0"
}
