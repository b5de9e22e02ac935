// "Did you mean …?" for a mistyped command, which the argument parser does not say.

enum Suggestion {
    /// A sentence if the first word is no command but resembles one; nil otherwise.
    static func forCommandLine(_ arguments: [String]) -> String? {
        guard let word = arguments.first, !word.hasPrefix("-") else { return nil }
        let names = SendonceCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
        guard !names.contains(word), word != "help",
            let nearest = names.min(by: { distance($0, word) < distance($1, word) })
        else { return nil }
        return distance(nearest, word) <= 2
            ? "no command is called \(Printer.visible(word)); did you mean `\(nearest)`?"
            : "no command is called \(Printer.visible(word)): `sendonce --help` lists them"
    }

    /// Edits (insert, delete, replace, swap of neighbours) between two words.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count < 100, right.count < 100 else { return .max }
        var rows = [[Int]](repeating: [Int](repeating: 0, count: right.count + 1), count: left.count + 1)
        for column in 0...right.count { rows[0][column] = column }
        for row in 0..<left.count {
            rows[row + 1][0] = row + 1
            for column in 0..<right.count {
                let cost = left[row] == right[column] ? 0 : 1
                var best = min(rows[row][column + 1] + 1, rows[row + 1][column] + 1, rows[row][column] + cost)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, rows[row - 1][column - 1] + 1)
                }
                rows[row + 1][column + 1] = best
            }
        }
        return rows[left.count][right.count]
    }
}
