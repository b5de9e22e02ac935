// What is wrong with a rule file, said so that the person who wrote it finds the place and the cure.

/// A place in a text. Lines and columns count from 1; a column counts Unicode scalars.
package struct Place: Hashable, Comparable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: Place, right: Place) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One mistake at one place.
package struct RuleMistake: Hashable, Sendable, CustomStringConvertible {
    /// The rule file or one of its templates, as the caller named it.
    package var file: String
    package var place: Place
    package var message: String
    /// What was probably meant, as it would be written.
    package var suggestion: String?

    package init(file: String, place: Place, message: String, suggestion: String? = nil) {
        self.file = file
        self.place = place
        self.message = message
        self.suggestion = suggestion
    }

    /// `rules.yaml:12:5: unknown key "windwo"; did you mean "within"?`
    package var description: String {
        let cure = suggestion.map { "; did you mean \"\($0)\"?" } ?? ""
        return "\(file):\(place.line):\(place.column): \(message)\(cure)"
    }
}

/// Every mistake of a rule file and its templates, never none, in the order of files and places.
package struct RuleMistakes: Error, Hashable, Sendable, CustomStringConvertible {
    package let list: [RuleMistake]

    /// nil if there are none. The rule file comes first, then the templates by name; a mistake stands there
    /// once.
    init?(_ found: [RuleMistake], ruleFile: String) {
        guard !found.isEmpty else { return nil }
        var seen: Set<RuleMistake> = []
        let unique = found.filter { seen.insert($0).inserted }
        list = unique.enumerated().sorted { left, right in
            let (first, second) = (left.element, right.element)
            if first.file != second.file {
                if first.file == ruleFile || second.file == ruleFile { return first.file == ruleFile }
                return first.file < second.file
            }
            return first.place == second.place ? left.offset < right.offset : first.place < second.place
        }
        .map(\.element)
    }

    init(_ mistake: RuleMistake) {
        list = [mistake]
    }

    /// One line for each mistake.
    package var description: String { list.map(\.description).joined(separator: "\n") }
}
