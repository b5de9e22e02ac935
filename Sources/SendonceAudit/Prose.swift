// Sentences that are put together from recorded values. What was recorded came from outside and may be
// hostile, so a recorded text can enter a sentence only through an interpolation that makes every character
// of it visible.
package import SendonceCore

/// Text for people, on one line. Literals are taken as they are written here; recorded text is made visible
/// and cut.
///
/// Guarantee: no interpolation lets a control character, a line break or a direction mark through. There is
/// none for `String`, so a new sentence cannot forget it.
package struct Prose: Hashable, Sendable, ExpressibleByStringInterpolation {
    package let string: String

    package init(stringLiteral value: String) {
        string = value
    }

    package init(stringInterpolation: Interpolation) {
        string = stringInterpolation.string
    }

    fileprivate init(visible: String) {
        string = visible
    }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var string = ""

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) {
            string += literal
        }

        package mutating func appendInterpolation(_ text: Text) {
            string += VisibleText.escaped(text.string, limit: Prose.textLimit)
        }

        package mutating func appendInterpolation(_ prose: Prose) {
            string += prose.string
        }

        package mutating func appendInterpolation(_ number: some BinaryInteger) {
            string += String(number)
        }

        /// To the second, in UTC.
        package mutating func appendInterpolation(_ time: Timestamp) {
            string += time.shortText
        }

        package mutating func appendInterpolation(_ id: CommandID) {
            string += id.description
        }
    }

    /// Characters of one recorded text that a sentence shows; the data has all of them. The longest address
    /// fits (`Limits.addressBytes`), and it is about three lines of a terminal.
    package static let textLimit = 256

    package static func + (left: Prose, right: Prose) -> Prose {
        Prose(visible: left.string + right.string)
    }

    /// Sentences, separated by one blank.
    package static func joined(_ parts: [Prose], by separator: Prose = " ") -> Prose {
        Prose(visible: parts.map(\.string).joined(separator: separator.string))
    }

    /// With the first letter in upper case, for the beginning of a sentence.
    package var capitalised: Prose {
        Prose(visible: string.prefix(1).uppercased() + string.dropFirst())
    }

    /// `1 event`, `2 events`.
    package static func count(_ number: Int, _ one: Prose, _ many: Prose) -> Prose {
        number == 1 ? "1 \(one)" : "\(number) \(many)"
    }

    /// `#18, #19 and #20`, or `#18, #19, #20 and 28 more`.
    package static func positions(_ first: [Int64], of count: Int) -> Prose {
        var parts = first.map { position -> Prose in "#\(position)" }
        let rest = count - first.count
        if rest > 0 { parts.append("\(rest) more") }
        guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
        return joined(parts.dropLast(), by: ", ") + " and " + last
    }

    /// How long something took or lasts, in its largest whole unit: `3 days`, `1 hour`, `0 seconds`.
    package static func length(_ span: Span) -> Prose {
        let seconds = span.microseconds.magnitude / 1_000_000
        switch seconds {
        case 172_800...: return "\(seconds / 86_400) days"
        case 7_200...: return "\(seconds / 3_600) hours"
        case 120...: return "\(seconds / 60) minutes"
        default: return seconds == 1 ? "1 second" : "\(seconds) seconds"
        }
    }
}
