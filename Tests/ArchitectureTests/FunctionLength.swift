// How long functions are, by counting braces in code without comments and literals.
//
// What it knows: func, init, deinit and subscript with a body. What it does not know: closures and computed
// properties, which count as part of the function around them, and `#if` branches with unbalanced braces.

struct FunctionLength: Hashable {
    var name: String
    /// From 1.
    var line: Int
    /// Lines from the declaration's first to the closing brace.
    var length: Int

    static func all(in code: [Substring]) -> [FunctionLength] {
        let text = Array(code.joined(separator: "\n").utf8)
        var lineOf: [Int] = []
        var line = 1
        for byte in text {
            lineOf.append(line)
            if byte == 0x0A { line += 1 }
        }
        var found: [FunctionLength] = []
        var index = 0
        while index < text.count {
            guard let (word, end) = declaration(in: text, at: index) else {
                index += 1
                continue
            }
            if let open = bodyStart(in: text, from: end), let close = matchingBrace(in: text, from: open) {
                let start = lineOf[index]
                found.append(FunctionLength(name: word, line: start, length: lineOf[close] - start + 1))
            }
            index = end
        }
        return found
    }

    private static let words = ["func", "init", "deinit", "subscript"].map { Array($0.utf8) }

    private static func declaration(in text: [UInt8], at index: Int) -> (String, Int)? {
        guard "fids".utf8.contains(text[index]), index == 0 || !isPartOfName(text[index - 1]) else {
            return nil
        }
        for word in words where text[index...].starts(with: word) {
            let end = index + word.count
            guard end < text.count else { return nil }
            let isNamed = word.count == 4 && word[0] == UInt8(ascii: "f") || word.count == 6
            guard (isNamed ? " \n" : "(<?! ").utf8.contains(text[end]) else { continue }
            let name = text[index...].prefix { !"({\n".utf8.contains($0) }
            return (String(decoding: name, as: UTF8.self), end)
        }
        return nil
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: true
        default: "_.`".utf8.contains(byte)
        }
    }

    /// The brace that opens the body; nil for a requirement without one.
    private static func bodyStart(in text: [UInt8], from start: Int) -> Int? {
        var depth = 0
        var index = start
        var parameters = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["):
                depth += 1
                parameters += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return index
            case UInt8(ascii: "}") where depth == 0: return nil
            case 0x0A where depth == 0 && parameters > 0:
                let next = text[index...].drop { $0 == 0x20 || $0 == 0x0A }
                let goesOn = ["{", "->", "where ", "throws", "async", "rethrows"]
                guard
                    goesOn.contains(where: { next.starts(with: $0.utf8) })
                        || text[index - 1] == UInt8(ascii: ">")
                else {
                    return nil
                }
            default: break
            }
            if depth < 0 { return nil }
            index += 1
        }
        return nil
    }

    private static func matchingBrace(in text: [UInt8], from open: Int) -> Int? {
        var depth = 0
        for index in open..<text.count {
            if text[index] == UInt8(ascii: "{") { depth += 1 }
            if text[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }
}
