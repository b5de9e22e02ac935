// "Did you mean …?" for a mistyped command, which the argument parser does not say.
import ArgumentParser
import SendonceRules

enum MistypedCommand {
    /// A sentence if the first word is no command; nil otherwise.
    static func words(for arguments: [String]) -> String? {
        guard let word = arguments.first, !word.hasPrefix("-") else { return nil }
        let commands = SendonceCommand.configuration.subcommands
        if let group = commands.first(where: { $0._commandName == word }) {
            guard arguments.count > 1, !arguments[1].hasPrefix("-"), !group.configuration.subcommands.isEmpty
            else { return nil }
            return words(for: arguments[1], among: group.configuration.subcommands, after: "\(word) ")
        }
        return words(for: word, among: commands, after: "")
    }

    private static func words(
        for word: String, among commands: [any ParsableCommand.Type], after group: String
    ) -> String? {
        let names = commands.map { $0._commandName }
        guard !names.contains(word), word != "help" else { return nil }
        let start = "no command is called \(group)\(Printer.visible(word))"
        return Suggestion.nearest(to: word, among: names).map { "\(start); did you mean `\(group)\($0)`?" }
            ?? "\(start): `sendonce \(group)--help` lists them"
    }
}
