// Text that is to stand in a header. A line break in it would let its author write headers of his own
// (CWE-93), so such text is refused, never repaired.
package import SendonceCore

extension Text {
    /// Whether the text holds no control character and no line or paragraph separator: U+0000 to U+001F,
    /// U+007F to U+009F, U+2028 and U+2029. Looked for in scalars, because to `Character` a CR LF is neither
    /// CR nor LF.
    package var isHeaderSafe: Bool {
        string.unicodeScalars.allSatisfy { !$0.breaksHeaders }
    }
}

extension Unicode.Scalar {
    /// Whether this is a control character or a line or paragraph separator.
    package var breaksHeaders: Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029: true
        default: false
        }
    }
}
