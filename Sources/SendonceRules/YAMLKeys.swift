// Keys of YAML that is not a rule file. The library that reads settings is lenient; a misspelt key must not
// be silently ignored all the same.
import Yams

package enum YAMLKeys {
    /// Throws for YAML that cannot be read and for every key that is not known where it stands.
    /// - Parameter known: the keys of the mapping at a path of keys; nil where any key may stand and nothing
    ///   below is checked.
    package static func check(
        _ text: String, file: String, known: ([String]) -> [String]?
    ) throws(RuleMistakes) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            // The library's own words quote the line, which may hold a secret.
            let (place, words) = problem(error)
            throw RuleMistakes(RuleMistake(file: file, place: place, message: "not YAML: \(words)"))
        }
        guard let root else { return }
        guard let mapping = root.mapping else {
            throw RuleMistakes(
                RuleMistake(
                    file: file, place: Place(line: 1, column: 1), message: "keys with values are expected"))
        }
        try check(mapping, at: [], file: file, known: known)
    }

    private static func problem(_ error: any Error) -> (Place, String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (Place(line: mark.line, column: mark.column), problem)
        default: (Place(line: 1, column: 1), "it cannot be read")
        }
    }

    private static func check(
        _ mapping: Node.Mapping, at path: [String], file: String, known: ([String]) -> [String]?
    ) throws(RuleMistakes) {
        guard let allowed = known(path) else { return }
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard allowed.isEmpty || allowed.contains(name) else {
                let place = Place(line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
                let message =
                    "unknown key \"\(name)\"" + (path.isEmpty ? "" : " in \(path.joined(separator: "."))")
                throw RuleMistakes(
                    RuleMistake(
                        file: file, place: place, message: message,
                        suggestion: Suggestion.nearest(to: name, among: allowed)))
            }
            if let inner = value.mapping { try check(inner, at: path + [name], file: file, known: known) }
        }
    }
}
