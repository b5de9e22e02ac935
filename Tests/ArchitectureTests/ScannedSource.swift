// Swift source with its comments and string literals blanked, so that a rule about code is not tripped by
// prose.
//
// What it knows: // and nested /* */ comments; "…", """…""" and their # forms, with escapes. Code inside an
// interpolation is blanked with its literal. What it does not know: regular expression literals.

struct ScannedSource {
    /// Comments and the insides of literals are blanks; lines and columns stay.
    var code: String { String(decoding: codeBytes, as: UTF8.self) }
    /// Only comments are blanks.
    var spoken: String { String(decoding: spokenBytes, as: UTF8.self) }

    private enum Place: Equatable {
        case code
        case lineComment
        case comment(depth: Int)
        case literal(hashes: Int, isLong: Bool)
    }

    // Bytes, because every file of the package goes through here and `Character`s are slow.
    private let text: [UInt8]
    private var codeBytes: [UInt8] = []
    private var spokenBytes: [UInt8] = []
    private var index = 0
    private var place = Place.code

    init(_ source: String) {
        text = Array(source.utf8)
        while index < text.count { step() }
    }

    private mutating func step() {
        switch place {
        case .code: stepInCode()
        case .lineComment:
            if text[index] == 0x0A { place = .code }
            take(1, inCode: false, inSpoken: false)
        case .comment(let depth):
            if matches("/*") {
                place = .comment(depth: depth + 1)
                take(2, inCode: false, inSpoken: false)
            } else if matches("*/") {
                place = depth == 1 ? .code : .comment(depth: depth - 1)
                take(2, inCode: false, inSpoken: false)
            } else {
                take(1, inCode: false, inSpoken: false)
            }
        case .literal(let hashes, let isLong): stepInLiteral(hashes, isLong)
        }
    }

    private mutating func stepInCode() {
        if matches("//") {
            place = .lineComment
        } else if matches("/*") {
            place = .comment(depth: 1)
            take(2, inCode: false, inSpoken: false)
        } else if let (hashes, isLong) = literalStart() {
            place = .literal(hashes: hashes, isLong: isLong)
            take(hashes + (isLong ? 3 : 1), inCode: true, inSpoken: true)
        } else {
            take(1, inCode: true, inSpoken: true)
        }
    }

    private mutating func stepInLiteral(_ hashes: Int, _ isLong: Bool) {
        let end = String(repeating: "\"", count: isLong ? 3 : 1) + String(repeating: "#", count: hashes)
        let escape = "\\" + String(repeating: "#", count: hashes)
        if matches(end) {
            place = .code
            take(end.count, inCode: true, inSpoken: true)
        } else if !isLong, text[index] == 0x0A {
            // No literal of one line goes on: what looked like one was not.
            place = .code
            take(1, inCode: true, inSpoken: true)
        } else if matches(escape + "(") {
            takeInterpolation(escape.count)
        } else if matches(escape) {
            take(min(escape.count + 1, text.count - index), inCode: false, inSpoken: true)
        } else {
            take(1, inCode: false, inSpoken: true)
        }
    }

    /// Up to the closing parenthesis, over literals that stand inside.
    private mutating func takeInterpolation(_ escape: Int) {
        take(escape, inCode: false, inSpoken: true)
        var depth = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "(") { depth += 1 }
            if text[index] == UInt8(ascii: ")") { depth -= 1 }
            if text[index] == UInt8(ascii: "\"") {
                take(1, inCode: false, inSpoken: true)
                while index < text.count, text[index] != UInt8(ascii: "\""), text[index] != 0x0A {
                    take(text[index] == UInt8(ascii: "\\") ? 2 : 1, inCode: false, inSpoken: true)
                }
            }
            take(1, inCode: false, inSpoken: true)
            if depth == 0 { return }
        }
    }

    private func literalStart() -> (hashes: Int, isLong: Bool)? {
        var end = index
        while end < text.count, text[end] == UInt8(ascii: "#") { end += 1 }
        guard end < text.count, text[end] == UInt8(ascii: "\"") else { return nil }
        let isLong = end + 2 < text.count && text[end + 1] == text[end] && text[end + 2] == text[end]
        return (end - index, isLong)
    }

    private func matches(_ word: String) -> Bool {
        var place = index
        for byte in word.utf8 {
            guard place < text.count, text[place] == byte else { return false }
            place += 1
        }
        return true
    }

    private mutating func take(_ count: Int, inCode: Bool, inSpoken: Bool) {
        for _ in 0..<count where index < text.count {
            let byte = text[index]
            codeBytes.append(inCode || byte == 0x0A ? byte : 0x20)
            spokenBytes.append(inSpoken || byte == 0x0A ? byte : 0x20)
            index += 1
        }
    }
}
