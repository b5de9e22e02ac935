// What may stand in the settings file.
import Foundation
import SendonceRules

enum SettingsFile {
    private static let keys = [
        "database", "journal", "lease_seconds", "shutdown_seconds", "busy_seconds", "routes", "route",
        "deployment", "deployment_file", "state_directory", "witness",
    ]
    private static let routeKeys = [
        "provider", "url", "path", "api_key", "api_key_file", "rate", "burst", "concurrency", "attempts",
        "connect_timeout_ms", "total_timeout_ms", "retry_first_ms", "retry_longest_ms",
    ]

    /// Throws for YAML that cannot be read and for unknown keys, with line, column and a suggestion.
    static func check(_ path: String, isRequired: Bool) throws {
        guard isRequired || FileManager.default.fileExists(atPath: path) else { return }
        try YAMLKeys.check(String(decoding: try Input.file(path), as: UTF8.self), file: path) { place in
            switch place.count {
            case 0: keys
            // Any name can stand below `route`.
            case 1 where place == ["route"]: []
            case 2 where place[0] == "route": routeKeys
            default: nil
            }
        }
    }
}
