// A provider's words as we keep them: short, printable, without our secret.
package import SendonceCore
import SendonceTemplates

package enum AnswerExcerpt {
    /// At most `Limits.answerExcerptBytes`, cut before a scalar that does not fit; control characters and
    /// line separators become U+FFFD, so that the words cannot forge a line of a log or steer a terminal.
    package static func text(_ words: String, without secret: Secret? = nil) -> Text {
        // The secret goes first: a cut through its middle would leave half of it unrecognised.
        let clean = secret?.redacted(from: words) ?? words
        var result = String.UnicodeScalarView()
        var length = 0
        for scalar in clean.unicodeScalars {
            let kept: Unicode.Scalar = scalar.breaksHeaders ? "\u{FFFD}" : scalar
            length += UTF8.width(kept)
            guard length <= Limits.answerExcerptBytes else { break }
            result.append(kept)
        }
        return Text(String(result))
    }
}
