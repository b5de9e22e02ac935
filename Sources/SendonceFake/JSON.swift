// Writing JSON in one place, with members in a fixed order so that goldens and people can compare it.

import Foundation

/// Writes JSON objects and arrays made of strings, numbers, booleans, nulls, arrays and dictionaries.
enum JSON {
    private static let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]

    /// The object on one line. What cannot be written as JSON (a number that is none) gives an empty object:
    /// all callers pass what they read from JSON or made themselves.
    static func data(_ object: [String: Any]) -> Data {
        guard JSONSerialization.isValidJSONObject(object) else { return Data("{}".utf8) }
        return (try? JSONSerialization.data(withJSONObject: object, options: options)) ?? Data("{}".utf8)
    }

    /// The object on one line, as text.
    static func text(_ object: [String: Any]) -> String {
        String(decoding: data(object), as: UTF8.self)
    }

    /// An array with one object a line, so that a long list can be read and compared by people.
    static func array(_ objects: some Sequence<[String: Any]>) -> [UInt8] {
        var bytes = Array("[".utf8)
        var separator = "\n"
        for object in objects {
            bytes += separator.utf8
            bytes += data(object)
            separator = ",\n"
        }
        bytes += "\n]\n".utf8
        return bytes
    }
}
