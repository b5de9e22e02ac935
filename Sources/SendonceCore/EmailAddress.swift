// Who a message is for. An address is parsed and re-emitted, never passed through: a header or a command line
// must not be able to hide in it.

/// A mailbox address without a display name: local part kept as written, domain in lower case and in ASCII.
package struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
    /// The whole address; kept in one piece, because that is how it is compared, keyed and recorded.
    private let text: Text
    /// Bytes before the `@`.
    private let localLength: Int

    package var localPart: Text { Text(String(decoding: text.utf8.prefix(localLength), as: UTF8.self)) }
    package var domain: Text { Text(String(decoding: text.utf8.dropFirst(localLength + 1), as: UTF8.self)) }
    package var description: String { text.string }

    /// Accepts a dot-atom local part (RFC 5321 4.1.2, with non-ASCII letters as in RFC 6531) and a domain
    /// name of at least one dot-separated label. A display name, quotes, comments, address literals, blanks,
    /// commas, control characters and CR, LF or NUL are refused: nil.
    package init?(_ text: String) {
        guard text.utf8.count <= Limits.addressBytes else { return nil }
        var text = text
        if let length = text.withUTF8({ EmailAddress.plainLocalLength($0) }) {
            self.text = Text(text)
            localLength = length
            return
        }
        let bytes = Array(text.utf8)
        guard let at = bytes.lastIndex(of: 0x40), at > 0, at < bytes.count - 1 else { return nil }
        let local = bytes[..<at]
        guard local.count <= Limits.localPartBytes, local.allSatisfy(EmailAddress.isLocalByte),
            local.first != 0x2E, local.last != 0x2E,
            !zip(local, local.dropFirst()).contains(where: { $0 == 0x2E && $1 == 0x2E })
        else { return nil }
        let name = String(decoding: bytes[(at + 1)...], as: UTF8.self)
        guard let domain = DomainName.ascii(name) else { return nil }
        let localPart = Text(String(decoding: local, as: UTF8.self))
        guard EmailAddress.hasOnlyVisibleText(localPart) else { return nil }
        self.text = Text(localPart.string + "@" + domain)
        localLength = at
        // Punycode can be longer than what it stands for.
        guard self.text.utf8.count <= Limits.addressBytes else { return nil }
    }

    /// An address as it was recorded, taken apart and not judged.
    package init(recorded text: Text) {
        let at = text.utf8.lastIndex(of: 0x40).map { text.utf8.distance(from: text.utf8.startIndex, to: $0) }
        self.text = at == nil ? Text(text.string + "@") : text
        localLength = at ?? text.utf8.count
    }

    /// Bytes before the `@` of an address that is ASCII and its own normal form, as most are; nil says
    /// nothing.
    private static func plainLocalLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var (at, last) = (0, UInt8(0x2E))
        while at < bytes.count, bytes[at] != 0x40 {
            let byte = bytes[at]
            guard byte < 0x80, isLocalByte(byte), byte != 0x2E || last != 0x2E else { return nil }
            last = byte
            at += 1
        }
        guard at > 0, at <= Limits.localPartBytes, last != 0x2E, at < bytes.count - 1,
            DomainName.isPlain(bytes[(at + 1)...])
        else { return nil }
        return at
    }

    private static func isLocalByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2F, 0x3D, 0x3F, 0x5E...0x60, 0x7B...0x7E: true
        default: byte >= 0x80
        }
    }

    /// Refuses the non-ASCII line breaks and other control characters, which some mailers treat as line ends.
    private static func hasOnlyVisibleText(_ text: Text) -> Bool {
        text.string.unicodeScalars.allSatisfy { scalar in
            // `isLocalByte` has judged ASCII; only the rest is worth a look into Unicode's tables.
            guard !scalar.isASCII else { return true }
            return switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .unassigned: false
            default: true
            }
        }
    }
}

/// A host name in the form that DNS and providers take.
package enum DomainName {
    /// Lower-case ASCII, with labels outside ASCII as Punycode (RFC 3492) behind `xn--`. nil where a label is
    /// empty, too long, begins or ends with a hyphen, begins with a combining mark (RFC 5891, 4.2.3.2) or
    /// holds another character, and where the last label is all digits (RFC 3696, 2), as in an IPv4 address.
    /// Case is folded by Unicode's own rules, without a locale; names are not otherwise prepared (no NFC), so
    /// write them composed.
    package static func ascii(_ name: String) -> String? {
        if isPlain(name.utf8) { return name }
        let labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        var result: [String] = []
        for label in labels {
            var text = String(label)
            guard text.utf8.first != 0x2D, text.utf8.last != 0x2D else { return nil }
            if !text.utf8.allSatisfy({ $0 < 0x80 }) {
                guard text.unicodeScalars.allSatisfy({ $0.isASCII || isLetter($0) || isMark($0) }),
                    let first = text.unicodeScalars.first, !isMark(first),
                    let encoded = Punycode.encode(text)
                else { return nil }
                text = "xn--" + encoded
            }
            // Again after encoding: `xn--` alone would end with a hyphen.
            guard (1...63).contains(text.utf8.count), text.utf8.last != 0x2D, text.utf8.allSatisfy(isHostByte)
            else { return nil }
            result.append(text)
        }
        guard let last = result.last, !last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let joined = result.joined(separator: ".")
        return joined.utf8.count <= 253 ? joined : nil
    }

    /// Whether the name is its own result, as most are: lower-case ASCII throughout, and every label as it
    /// has to be.
    fileprivate static func isPlain(_ name: some Collection<UInt8>) -> Bool {
        guard name.count <= 253 else { return false }
        var (length, last, hasOnlyDigits) = (0, UInt8(0x2E), true)
        for byte in name {
            if byte == 0x2E {
                guard length > 0, last != 0x2D else { return false }
                (length, hasOnlyDigits) = (0, true)
            } else {
                guard isHostByte(byte), length < 63, length > 0 || byte != 0x2D else { return false }
                length += 1
                hasOnlyDigits = hasOnlyDigits && (0x30...0x39).contains(byte)
            }
            last = byte
        }
        return length > 0 && last != 0x2D && !hasOnlyDigits
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: false
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
    }
}

/// RFC 3492, encoding only.
private enum Punycode {
    static func encode(_ label: String) -> String? {
        let scalars = label.unicodeScalars.map(\.value)
        var output = scalars.filter { $0 < 0x80 }
        let basicCount = UInt32(output.count)
        if basicCount > 0 { output.append(0x2D) }
        var (next, delta, bias, handled) = (UInt32(0x80), UInt32(0), UInt32(72), basicCount)
        while handled < scalars.count {
            guard let smallest = scalars.filter({ $0 >= next }).min() else { return nil }
            let (step, overflow) = (smallest - next).multipliedReportingOverflow(by: handled + 1)
            guard !overflow, delta <= UInt32.max - step else { return nil }
            delta += step
            next = smallest
            for value in scalars {
                if value < next { delta += 1 }
                guard value == next else { continue }
                output += digits(of: delta, bias: bias)
                bias = adapt(delta, handled + 1, handled == basicCount)
                delta = 0
                handled += 1
            }
            delta += 1
            next += 1
        }
        return String(String.UnicodeScalarView(output.compactMap(Unicode.Scalar.init)))
    }

    /// A variable-length integer in base 36 (RFC 3492, 3.3).
    private static func digits(of delta: UInt32, bias: UInt32) -> [UInt32] {
        var (rest, base, result) = (delta, UInt32(36), [UInt32]())
        while true {
            let threshold = base <= bias ? 1 : min(base - bias, 26)
            guard rest >= threshold else { break }
            result.append(digit(threshold + (rest - threshold) % (36 - threshold)))
            rest = (rest - threshold) / (36 - threshold)
            base += 36
        }
        return result + [digit(rest)]
    }

    private static func digit(_ value: UInt32) -> UInt32 {
        value < 26 ? 0x61 + value : 0x30 + value - 26
    }

    private static func adapt(_ delta: UInt32, _ count: UInt32, _ isFirst: Bool) -> UInt32 {
        var rest = isFirst ? delta / 700 : delta / 2
        rest += rest / count
        var bias: UInt32 = 0
        while rest > 455 {
            rest /= 35
            bias += 36
        }
        return bias + 36 * rest / (rest + 38)
    }
}
