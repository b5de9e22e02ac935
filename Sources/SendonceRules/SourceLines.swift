// The text of a file by lines and columns, as the YAML parser counts them.

/// Lines of Unicode scalars. Lines end where libyaml ends them: LF, CR, CR LF, NEL, LS and PS.
struct SourceLines {
    private(set) var lines: [[Unicode.Scalar]] = [[]]
    private var ends: [[Unicode.Scalar]] = []

    init(_ text: String) {
        var afterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where afterReturn:
                ends[ends.count - 1].append(scalar)
                afterReturn = false
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                ends.append([scalar])
                lines.append([])
                afterReturn = scalar == "\r"
            default:
                lines[lines.count - 1].append(scalar)
                afterReturn = false
            }
        }
    }

    var text: String {
        var result = String.UnicodeScalarView()
        for (index, line) in lines.enumerated() {
            result.append(contentsOf: line)
            if index < ends.count { result.append(contentsOf: ends[index]) }
        }
        return String(result)
    }

    /// The scalar at a place; nil behind the end of its line.
    func scalar(at place: Place) -> Unicode.Scalar? {
        guard lines.indices.contains(place.line - 1) else { return nil }
        let line = lines[place.line - 1]
        return line.indices.contains(place.column - 1) ? line[place.column - 1] : nil
    }

    /// Whether the text stands at the place, all on one line.
    func holds(_ text: String, at place: Place) -> Bool {
        guard lines.indices.contains(place.line - 1), place.column >= 1 else { return false }
        let line = lines[place.line - 1]
        guard place.column - 1 <= line.count else { return false }
        return line[(place.column - 1)...].starts(with: text.unicodeScalars)
    }

    /// How many scalars the key that starts at the place takes, with its quotes; nil if it does not stand
    /// there plainly.
    func keyWidth(_ name: String, at place: Place) -> Int? {
        guard let first = scalar(at: place) else { return nil }
        guard first == "\"" || first == "'" else {
            return holds(name, at: place) && !name.isEmpty ? name.unicodeScalars.count : nil
        }
        let line = lines[place.line - 1]
        var index = place.column
        while index < line.count {
            if line[index] == "\\", first == "\"" {
                index += 2
            } else if line[index] != first {
                index += 1
            } else if first == "'", index + 1 < line.count, line[index + 1] == "'" {
                index += 2
            } else {
                return index - place.column + 2
            }
        }
        return nil
    }

    mutating func replace(at place: Place, width: Int, with scalars: [Unicode.Scalar]) {
        lines[place.line - 1].replaceSubrange((place.column - 1)..<(place.column - 1 + width), with: scalars)
    }

    /// The place of a byte of the text, counted from 0.
    static func place(ofByte offset: Int, in bytes: [UInt8]) -> Place {
        var place = Place(line: 1, column: 1)
        for byte in bytes.prefix(offset) {
            if byte == 0x0A {
                place = Place(line: place.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {
                place.column += 1
            }
        }
        return place
    }
}
