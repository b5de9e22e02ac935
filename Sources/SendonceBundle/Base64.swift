// Base64 as RFC 4648, section 4 has it. Foundation's is not to be had here.

enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    static func text(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var (group, count): (UInt32, Int) = (0, 0)
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            count += 1
            guard count == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { result.append(digits[Int(group >> shift & 63)]) }
            (group, count) = (0, 0)
        }
        if count > 0 {
            group <<= UInt32(8 * (3 - count))
            result.append(digits[Int(group >> 18 & 63)])
            result.append(digits[Int(group >> 12 & 63)])
            result.append(count == 2 ? digits[Int(group >> 6 & 63)] : padding)
            result.append(padding)
        }
        return result
    }

    /// nil for another character, a wrong length, and bits behind the last byte: one text for one content.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var (group, count, padded): (UInt32, Int, Int) = (0, 0, 0)
        for digit in text {
            if digit == padding {
                padded += 1
                group <<= 6
            } else {
                let value = values[Int(digit)]
                guard value != 0xFF, padded == 0 else { return nil }
                group = group << 6 | UInt32(value)
            }
            count += 1
            guard count == 4 else { continue }
            guard padded < 3, padded == 0 || group & (padded == 2 ? 0xFFFF : 0xFF) == 0 else { return nil }
            for shift in [16, 8, 0].prefix(3 - padded) as ArraySlice<UInt32> {
                result.append(UInt8(group >> shift & 0xFF))
            }
            (group, count) = (0, 0)
        }
        return result
    }
}
