// Numbers become parts of keys, so their digits must survive whatever their size.

import SendonceCore
import SendonceJSON
import Testing

@Suite struct NumberTests {
    @Test(
        "Integers keep their exact decimal digits, whatever their length; minus zero is zero",
        arguments: [
            ("42", "42"), ("0", "0"), ("-0", "0"), ("-1", "-1"),
            ("9223372036854775808", "9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "18446744073709551616"),
            ("-9223372036854775809", "-9223372036854775809"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (String(repeating: "7", count: 5_000), String(repeating: "7", count: 5_000)),
        ])
    func integers(written: String, kept: String) throws {
        #expect(try field([.member("n")], in: "{\"n\":\(written)}") == .integer(kept))
        #expect(try field([.member("n")], in: "{ \"n\" : \(written) }") == .integer(kept))
        #expect(try PayloadReader.document(Array(written.utf8)) == .integer(kept))
    }

    @Test(
        "A number with a fraction or an exponent keeps the text it was written in",
        arguments: [
            "42.0", "4.2e1", "1e400", "-1E-400", "0.10", "-0.0", "0e0", "1E+2", "1e99999999999999999999",
        ])
    func fractions(written: String) throws {
        #expect(try field([.member("n")], in: "{\"n\":\(written)}") == .number(written))
    }

    @Test("A number that no path reads may be of any size")
    func unreadNumbers() throws {
        let payload = #"{"big":123456789012345678901234567890,"huge":1e400,"a":"42"}"#
        #expect(try field([.member("a")], in: payload) == .string("42"))
    }

    @Test(
        "What only looks like a number is refused, on a path and off it",
        arguments: [
            "01", "-", "+1", ".5", "1.", "1.e1", "1e", "1e+", "-01", "0x10", "1_000", "NaN", "Infinity",
            "-Infinity",
            "1\"x\"", "1true", "1 2", "00", "-a", "1\u{C}", "1\u{FF10}", "1\\u0030",
        ])
    func malformed(written: String) {
        for name in ["n", "other"] {
            #expect(throws: PayloadDefect.self) { try field([.member(Text(name))], in: "{\"n\":\(written)}") }
        }
    }
}
