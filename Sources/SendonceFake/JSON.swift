// Writing JSON in one place, with members in a fixed order so that goldens and people can compare it.
// Foundation's writer took five times as long as its reader and would have made the fake the slow part of
// every measurement.

import Foundation

/// Writes and reads the JSON values that Foundation's parser gives: strings, numbers, booleans, null, arrays
/// and objects.
enum JSON {
    /// The object on one line, its members ordered by name.
    static func bytes(_ object: [String: Any]) -> [UInt8] {
        var bytes: [UInt8] = []
        append(object, to: &bytes)
        return bytes
    }

    /// The object on one line, as text.
    static func text(_ object: [String: Any]) -> String {
        String(decoding: bytes(object), as: UTF8.self)
    }

    /// Adds any value. What is no JSON value becomes null; the callers pass what they read from JSON or made
    /// themselves.
    static func append(_ value: Any, to bytes: inout [UInt8]) {
        switch value {
        case let text as String:
            append(text: text, to: &bytes)
        case let number as NSNumber:
            bytes += (isBoolean(number) ? (number.boolValue ? "true" : "false") : number.stringValue).utf8
        case let array as [Any]:
            var separator = "["
            for element in array {
                bytes += separator.utf8
                append(element, to: &bytes)
                separator = ","
            }
            bytes += (array.isEmpty ? "[]" : "]").utf8
        case let object as [String: Any]:
            var separator = "{"
            for (name, member) in object.sorted(by: { $0.key < $1.key }) {
                bytes += separator.utf8
                append(text: name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member, to: &bytes)
                separator = ","
            }
            bytes += (object.isEmpty ? "{}" : "}").utf8
        default:
            bytes += "null".utf8
        }
    }

    /// Adds a string or null.
    static func append(text: String?, to bytes: inout [UInt8]) {
        guard let text else {
            bytes += "null".utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"):
                bytes += "\\n".utf8
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes += "\\u\(digits.utf8.count == 1 ? "000" : "00")\(digits)".utf8
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The value as a whole number; nil for true and false, which Foundation would give as 1 and 0.
    static func integer(_ value: Any) -> Int? {
        if let number = value as? NSNumber, isBoolean(number) { return nil }
        return value as? Int
    }

    private static func isBoolean(_ number: NSNumber) -> Bool {
        number.objCType.pointee == CChar(bitPattern: UInt8(ascii: "c"))
    }
}
