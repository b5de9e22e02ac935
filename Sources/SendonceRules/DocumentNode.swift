// A YAML document as it was written: scalars keep their text and nothing has been coerced.

/// A node with its place.
indirect enum DocumentNode {
    case scalar(DocumentScalar)
    case list([DocumentNode], Place)
    case mapping([DocumentMember], Place)
    /// Something that was refused while the document was read; the mistake is recorded already.
    case refused(Place)

    var place: Place {
        switch self {
        case .scalar(let scalar): scalar.place
        case .list(_, let place), .mapping(_, let place), .refused(let place): place
        }
    }

    /// What people call this kind of node.
    var kind: String {
        switch self {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "a single value"
        case .list: "a list"
        case .mapping: "a mapping"
        case .refused: "something refused"
        }
    }
}

struct DocumentMember {
    var name: String
    var place: Place
    var value: DocumentNode
}

/// A scalar: its text after YAML's unquoting and unfolding, before any typing.
struct DocumentScalar {
    var text: String
    /// Written without quotes and not as a block. Only such a scalar can be null, a number or a boolean.
    var isPlain: Bool
    var place: Place
    /// Where the text's first character stands, if the text stands in the file as it is, on one line.
    var textPlace: Place?

    /// YAML's null and what people write for it.
    var isNull: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(text) }

    /// The place of a character of the text, counted in scalars from 0; the scalar's own place if unknown.
    func place(at offset: Int) -> Place {
        guard let textPlace else { return place }
        return Place(line: textPlace.line, column: textPlace.column + offset)
    }
}
