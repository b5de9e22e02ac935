// "Did you mean …?" for a mistyped command, which the argument parser does not say.
import ArgumentParser
import SendonceRules

enum MistypedCommand {
    /// A sentence if the first word is no command; nil otherwise.
    static func words(for arguments: [String]) -> String? {
        guard let word = arguments.first, !word.hasPrefix("-") else { return nil }
        let names = SendonceCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
        guard !names.contains(word), word != "help" else { return nil }
        let start = "no command is called \(Printer.visible(word))"
        return Suggestion.nearest(to: word, among: names).map { "\(start); did you mean `\($0)`?" }
            ?? "\(start): `sendonce --help` lists them"
    }
}
