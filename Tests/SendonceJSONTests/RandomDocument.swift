// Documents made from a seed: mostly valid, with few names so that they repeat, and now and then damaged.

/// SplitMix64: small, and the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

struct RandomDocument {
    private var generator: SeededGenerator
    private static let names = [
        "a", "b", "c", #"\u0061"#, "é", "e\u{301}", "", "a b", #"\u00e9"#, "ab", "d", "n",
    ]
    private static let texts = [
        "", "x", "ann@shop.test", "Grüße 😀", #"\n\t\"\\\/\b\f\r"#, #"\u00e9\u20ac"#, #"\ud83d\ude00"#,
        "a\u{301}",
        "{\"[,:]".replacing("\"", with: #"\""#), String(repeating: "long ", count: 30), #"\ud83d"#,
        #"\ude00\ud83d"#,
        #"\u0000"#,
    ]
    private static let numbers = [
        "0", "-0", "1", "-1", "42", "18446744073709551615", "123456789012345678901234567890", "1.0", "4.2e1",
        "1e400",
        "-0.0", "1E-7", "0e+1",
    ]
    private static let damage =
        Array("{}[]:,\"\\ \n\t0123456789-+.eEtrufalsn\u{1}é".utf8) + [0xFF, 0xC3, 0x80, 0xEF]

    init(seed: UInt64) {
        generator = SeededGenerator(state: seed)
    }

    /// An object, nine times in ten undamaged.
    mutating func next() -> [UInt8] {
        var bytes = Array((space() + object(depth: 0) + space()).utf8)
        if chance(10) { damage(&bytes) }
        return bytes
    }

    /// Up to 40 bytes of the characters that JSON is made of.
    mutating func noise() -> [UInt8] {
        (0..<Int.random(in: 0...40, using: &generator)).map { _ in pick(RandomDocument.damage) }
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let place = bytes.indices.randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(pick(RandomDocument.damage), at: place)
            case 2: bytes[place] = pick(RandomDocument.damage)
            default: bytes.removeSubrange(place...)
            }
        }
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 5 ? 6 : 10), using: &generator) {
        case 0: "null"
        case 1: "true"
        case 2: "false"
        case 3: pick(RandomDocument.numbers)
        case 4, 5: "\"" + text() + "\""
        case 6, 7: array(depth: depth)
        default: object(depth: depth)
        }
    }

    /// The last three texts are defects, so they are made rare.
    private mutating func text() -> String {
        pick(chance(100) ? RandomDocument.texts : Array(RandomDocument.texts.dropLast(3)))
    }

    private mutating func array(depth: Int) -> String {
        let values = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            space() + value(depth: depth + 1) + space()
        }
        return "[" + (values.isEmpty ? space() : values.joined(separator: ",")) + "]"
    }

    private mutating func object(depth: Int) -> String {
        // Distinct spellings in most objects; `\u0061` is the escaped "a", so even those repeat at times.
        var names = RandomDocument.names.shuffled(using: &generator)
        if chance(12) { names = names.map { _ in pick(RandomDocument.names) } }
        let members = names.prefix(Int.random(in: 0...5, using: &generator)).map { name in
            space() + "\"" + name + "\"" + space() + ":" + space() + value(depth: depth + 1) + space()
        }
        return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
    }

    private mutating func space() -> String {
        chance(4) ? pick([" ", "\n", "\t", "\r\n", "    "]) : ""
    }

    private mutating func chance(_ among: Int) -> Bool {
        Int.random(in: 0..<among, using: &generator) == 0
    }

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &generator)]
    }
}
