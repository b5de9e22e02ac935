// The settings file is read leniently by its library, so what it says is checked here first: a misspelt key must not be
// silently ignored.
import Foundation
import SendonceRules
import Yams

enum SettingsFile {
    private static let keys: Set<String> = [
        "database", "journal", "lease_seconds", "shutdown_seconds", "busy_seconds", "routes", "route",
    ]
    private static let routeKeys: Set<String> = [
        "provider", "url", "path", "api_key", "api_key_file", "rate", "burst", "concurrency", "attempts",
        "connect_timeout_ms", "total_timeout_ms", "retry_first_ms", "retry_longest_ms",
    ]

    /// Throws for YAML that cannot be read and for unknown keys, with line and column.
    static func check(_ path: String, isRequired: Bool) throws {
        guard isRequired || FileManager.default.fileExists(atPath: path) else { return }
        let text = String(decoding: try Input.file(path), as: UTF8.self)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw CommandError("\(path): \(error)")
        }
        guard let root else { return }
        guard let settings = root.mapping else { throw CommandError("\(path): settings are keys with values") }
        try check(settings, against: keys, path: path, place: "")
        for (name, route) in settings["route"]?.mapping ?? [:] {
            guard let mapping = route.mapping else { continue }
            try check(mapping, against: routeKeys, path: path, place: "route.\(name.string ?? "")")
        }
    }

    private static func check(
        _ mapping: Node.Mapping, against known: Set<String>, path: String, place: String
    ) throws {
        for (key, _) in mapping {
            guard let name = key.string, !known.contains(name) else { continue }
            let mark = key.mark.map { "\(path):\($0.line):\($0.column)" } ?? path
            let suggestion = Suggestion.nearest(to: name, among: known.sorted()).map { "; did you mean \"\($0)\"?" }
            throw CommandError("\(mark): unknown key \"\(name)\"\(place.isEmpty ? "" : " in \(place)")\(suggestion ?? "")")
        }
    }
}
