// Values of the settings with a type. The reader gives nil for a value that it cannot convert; taking the
// default for it would let a typing mistake change nothing and say nothing.
import Configuration

/// Reads one part of the settings. Every mistake names the place, the key and what to write.
struct TypedValue {
    let reader: ConfigReader
    /// File and, within a route, the route's path: what stands before the key in an error.
    let place: String

    func int(_ key: String) throws -> Int? {
        let name = ConfigKey(stringLiteral: key)
        return try present(reader.int(forKey: name), key, "a whole number")
    }

    func double(_ key: String) throws -> Double? {
        let name = ConfigKey(stringLiteral: key)
        return try present(reader.double(forKey: name), key, "a number")
    }

    func list(_ key: String) throws -> [String]? {
        let name = ConfigKey(stringLiteral: key)
        return try present(reader.stringArray(forKey: name), key, "a list, for example [brevo]")
    }

    private func present<Value>(_ value: Value?, _ key: String, _ kind: String) throws -> Value? {
        if value == nil, let text = reader.string(forKey: ConfigKey(stringLiteral: key)) {
            throw CommandError("\(place)\(key) is \(text): write \(kind)")
        }
        return value
    }
}
