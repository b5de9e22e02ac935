// Makes text from outside safe to print: a value must not be able to move a terminal's cursor, break a line
// of a table or turn the direction of the words around it.

package enum VisibleText {
    /// The text with each character that has no picture of its own written as `\u{1B}`, and cut to `limit`
    /// characters (Unicode scalars) with `…` at the end.
    ///
    /// Escaped are control and format characters, line and paragraph separators, and code points that no
    /// character has. Not guaranteed: that each character takes one column; wide and combining ones do not.
    package static func escaped(_ text: String, limit: Int = .max) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else {
                result.append("…")
                break
            }
            count += 1
            if isVisible(scalar) {
                result.append(scalar)
            } else {
                result.append(
                    contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            }
        }
        return String(result)
    }

    package static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
            false
        default: true
        }
    }
}
