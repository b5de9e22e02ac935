// What must never reach libcurl. It copies header values and custom methods to the wire as they are, so a CR
// or LF in one would be a header or a whole request of somebody else's choosing. Providers check before; this
// is the last door.

import SendonceDelivery

/// The methods that providers use. A closed list, so that no text becomes a method.
enum Method {
    case get, post, put, patch, delete

    init?(_ text: String) {
        switch text {
        case "GET": self = .get
        case "POST": self = .post
        case "PUT": self = .put
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        default: return nil
        }
    }
}

/// A header's name: a token (RFC 9110, section 5.1 and 5.6.2).
struct HeaderName {
    /// Framing of the body is the transport's: a second length or a chunked body would make "fewer bytes sent
    /// than the body has" prove nothing.
    let belongsToTransport: Bool
    let isContentType: Bool

    init?(_ text: String) {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.allSatisfy(Self.isTokenByte) else { return nil }
        isContentType = Self.equal(text, "content-type")
        belongsToTransport =
            Self.equal(text, "content-length") || Self.equal(text, "transfer-encoding")
            || Self.equal(text, "expect")
    }

    private static func equal(_ text: String, _ lowercase: StaticString) -> Bool {
        guard text.utf8.count == lowercase.utf8CodeUnitCount else { return false }
        var position = lowercase.utf8Start
        for byte in text.utf8 {
            let folded = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            if folded != position.pointee { return false }
            position += 1
        }
        return true
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "!"),
            UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default:
            return false
        }
    }
}

extension TransportRequest {
    /// Whether the URL holds printable characters only: no space, control character or NUL.
    var hasCleanURL: Bool {
        !url.isEmpty && url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
    }

    /// Whether libcurl takes the times; 0 would mean its own default, or none at all.
    var hasUsableTimeouts: Bool {
        (1...Int(Int32.max)).contains(connectTimeout) && (1...Int(Int32.max)).contains(totalTimeout)
    }
}
