// SHA-256 and the ways in which the core feeds it.
import SendonceCore
import Testing

@Suite("Digest")
struct DigestTests {
    @Test(
        "SHA-256 gives the vectors of FIPS 180-4 and NIST",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func vectors(_ text: String, _ hexadecimal: String) {
        #expect(DigestBuilder.digest(of: Array(text.utf8)).description == hexadecimal)
    }

    @Test("A digest survives the way into hexadecimal and back, in either case")
    func hexadecimal() {
        let digest = DigestBuilder.digest(of: Array("abc".utf8))
        #expect(Digest(hexadecimal: digest.description) == digest)
        #expect(Digest(hexadecimal: digest.description.uppercased()) == digest)
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(digest.bytes.count == 32)
        #expect(Digest.zero.description == String(repeating: "0", count: 64))
        #expect(hexadecimalText([0, 10, 255]) == "000aff")
    }

    @Test(
        "What is not 64 hexadecimal digits is no digest",
        arguments: [0, 63, 65].map { String(repeating: "a", count: $0) } + [
            String(repeating: "a", count: 63) + "g", String(repeating: "a", count: 62) + "é",
            "0x" + String(repeating: "a", count: 62), String(repeating: "a", count: 63) + " ",
        ])
    func refusals(_ text: String) {
        #expect(Digest(hexadecimal: text) == nil)
    }

    @Test("Only 32 bytes are a digest", arguments: [0, 31, 33])
    func lengths(_ count: Int) {
        #expect(Digest(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("Parts that touch differently give different digests, and nothing differs from an empty text")
    func partsAreSeparated() {
        func digest(_ parts: [String?]) -> Digest {
            var builder = DigestBuilder()
            for part in parts { builder.addPart(part) }
            return builder.digest()
        }
        let lists: [[String?]] = [
            ["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["abc", nil], [nil, "abc"], [],
        ]
        for (place, left) in lists.enumerated() {
            for right in lists[(place + 1)...] {
                #expect(digest(left) != digest(right), "\(left) and \(right)")
            }
        }
        var bytes = DigestBuilder()
        bytes.addPart(Array("ab".utf8))
        #expect(bytes.digest() == digest(["ab"]))
    }
}
