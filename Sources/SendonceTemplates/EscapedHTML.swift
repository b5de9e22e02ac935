// HTML escaping. The template engine's own looks at `Character`s and so lets a quote pass that a combining
// mark follows; a browser sees the quote. This one looks at bytes.
import Mustache

/// The content type of our HTML templates.
struct EscapedHTML: MustacheContentType {
    static let name = "SENDONCE_HTML"
    /// Registering is global to the engine; evaluated once, before the first template is parsed.
    static let pragma: String = {
        MustacheContentTypes.register(EscapedHTML(), named: name)
        return "{{% CONTENT_TYPE:\(name)}}\n"
    }()

    /// Replaces the five characters that can end a text or an attribute value.
    func escapeText(_ text: String) -> String {
        guard text.utf8.contains(where: { EscapedHTML.entity($0) != nil }) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count + 32)
        for byte in text.utf8 {
            if let entity = EscapedHTML.entity(byte) {
                result.append(contentsOf: entity.utf8)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func entity(_ byte: UInt8) -> StaticString? {
        switch byte {
        case 0x26: "&amp;"
        case 0x3C: "&lt;"
        case 0x3E: "&gt;"
        case 0x22: "&quot;"
        case 0x27: "&#39;"
        default: nil
        }
    }
}

extension StaticString {
    fileprivate var utf8: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
