// Events as nobody wants them, from one seed: whatever a payload and an envelope can hold.
import SendonceCore

struct HostileEvents {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    private mutating func roll(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    mutating func next() -> Event {
        Event(
            id: text(), type: "order.placed", source: text() ?? "", subject: text(), payload: payload(),
            occurredAt: Timestamp(microseconds: Int64(roll(4_000_000_000_000_000)) - 900_000_000_000_000),
            traceparent: text())
    }

    private mutating func text() -> Text? {
        let texts: [Text?] = [
            nil, "", "shop", "https://x.test/a?b#c", "a b", "é\u{301}🎈", "\u{0}", "a\u{0}b", "\u{7F}",
            "\u{9B}31m",
            "\r\n", "\"\\", "{}", "\u{FFFE}", "\u{10FFFF}", "\u{2028}", "data_base64", "a@x.test", "=", " ",
            Text(String(repeating: "\u{1}", count: 1_000)),
        ]
        return texts[roll(texts.count)]
    }

    private mutating func payload() -> [UInt8] {
        let payloads: [String] = [
            "{}", " {}", "{} ", "{\n}", "{\r\n \"a\" : 1\n}", "{\"a\":1,\"a\":2}", "[]", "", "null", "{",
            "}{",
            "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\u{0}\"}",
            "{\"a\":\"\u{2028}\u{2029}\u{85}\"}",
            "{\"a\":123456789012345678901234567890.5e+400}", "{\"a\":-0}", "{\"a\":\"}\\\"{[\"}",
            "{\"data\":{\"data\":1}}", "{\"a\" : \t1}", "{\"\\u0061\":1}", "{\"a\":\"\\/\"}", "{\"a\":01}",
            "{\"a\":1}{\"b\":2}", "{\"a\":1,}", "\u{FEFF}{}", "{\"a\":\"\u{1}\"}",
            String(repeating: "{\"a\":", count: 63) + "{}" + String(repeating: "}", count: 63),
            String(repeating: "{\"a\":", count: 64) + "{}" + String(repeating: "}", count: 64),
            "{\"a\":\"" + String(repeating: "ß", count: 1 + roll(3_000)) + "\"}",
        ]
        let choice = roll(payloads.count + 2)
        if choice == payloads.count { return (0..<roll(40)).map { _ in UInt8(roll(256)) } }
        if choice > payloads.count { return Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8) }
        return Array(payloads[choice].utf8)
    }
}
