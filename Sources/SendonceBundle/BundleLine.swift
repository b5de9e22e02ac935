// What one line of an exported file says. The format is described in schema/export.md.
import SendonceCore

/// A line is a CloudEvents 1.0 object of one of three kinds.
enum BundleLine {
    case header(BundleHeader)
    /// One file of a rule set; all of its files stand before the event that activates it.
    case ruleSetFile(Digest, RuleSetFile)
    case event(LoggedEvent)

    static let headerType: Text = "sendonce.export"
    static let ruleSetType: Text = "sendonce.rule_set"

    /// What the attribute is called that holds, as base64, a text which CloudEvents does not allow in the
    /// attribute itself: empty, with control characters, or no URI where one must be.
    static func exactName(_ name: String) -> String { name + "base64" }
}

/// What CloudEvents 1.0 allows in attributes.
enum CloudEventsText {
    /// A String (section "Type System"), of at least one character: no control characters, no noncharacters.
    static func isAllowed(_ text: Text) -> Bool {
        !text.isEmpty
            && text.string.unicodeScalars.allSatisfy { scalar in
                scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
                    && !(0xFDD0...0xFDEF).contains(scalar.value) && scalar.value & 0xFFFE != 0xFFFE
            }
    }

    /// The characters of a URI-reference (RFC 3986, 2). Their order is not judged.
    static func isURIReference(_ text: Text) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-._~:/?#[]@!$&'()*+,;=%".utf8.contains(byte)
                }
            }
    }
}
