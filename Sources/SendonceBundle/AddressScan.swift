// Addresses that stand somewhere in a text, such as a rule file: found, and replaced.
package import SendonceCore

package enum AddressScan {
    /// The text with every address replaced; bytes around them stay as they are.
    ///
    /// An address is taken to begin behind a sign that texts use as a delimiter, though RFC 5321 allows some
    /// of them in a local part: `key=ann@x.test` holds `ann@x.test`.
    package static func replacing(_ text: [UInt8], _ replacement: (EmailAddress) -> String) -> [UInt8] {
        var result: [UInt8] = []
        var done = 0
        for at in text.indices where text[at] == 0x40 && at >= done {
            let start = localStart(text, before: at, notBefore: done)
            let end = domainEnd(text, after: at)
            guard let address = EmailAddress(String(decoding: text[start..<end], as: UTF8.self)) else {
                continue
            }
            result += text[done..<start]
            result += replacement(address).utf8
            done = end
        }
        return result + text[done...]
    }

    private static func localStart(_ text: [UInt8], before at: Int, notBefore done: Int) -> Int {
        var start = at
        while start > done, isLocal(text, start - 1, notBefore: done) { start -= 1 }
        while start < at, text[start] == 0x2E { start += 1 }
        return start
    }

    private static func domainEnd(_ text: [UInt8], after at: Int) -> Int {
        var end = at + 1
        while end < text.count, isLetter(text[end]) || text[end] == 0x2E || text[end] == 0x2D { end += 1 }
        // The full stop of a sentence.
        while end > at + 1, text[end - 1] == 0x2E || text[end - 1] == 0x2D { end -= 1 }
        return end
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: byte >= 0x80
        }
    }

    private static func isLocal(_ text: [UInt8], _ place: Int, notBefore first: Int) -> Bool {
        switch text[place] {
        case 0x2B, 0x2D, 0x2E, 0x5F, 0x25, 0x26: true
        // As in O'Brien; elsewhere it quotes.
        case 0x27: place > first && isLetter(text[place - 1]) && isLetter(text[place + 1])
        case let byte: isLetter(byte)
        }
    }
}
