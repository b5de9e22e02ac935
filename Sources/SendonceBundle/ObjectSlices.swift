// Where the members of a line's object stand, so that a payload can be taken out byte for byte. Judges only
// where a value begins and ends; what it is, is read by `SendonceJSON`.

struct ObjectSlices {
    struct Member {
        var name: String
        /// From the name's first quote to the value's last byte.
        var whole: Range<Int>
        var value: Range<Int>
    }

    private(set) var members: [Member] = []

    init(_ line: UnsafeBufferPointer<UInt8>) throws(LineMistake) {
        var reader = Reader(bytes: line)
        guard reader.take("{") else { throw LineMistake("not a JSON object") }
        if reader.take("}") {
            try reader.finish()
            return
        }
        repeat {
            reader.skipBlanks()
            let start = reader.place
            guard let quoted = reader.string() else { throw LineMistake("a member's name is missing") }
            guard !line[quoted].contains(UInt8(ascii: "\\")) else {
                throw LineMistake("a member's name is written with an escape")
            }
            let name = String(decoding: line[quoted].dropFirst().dropLast(), as: UTF8.self)
            guard reader.take(":") else { throw LineMistake("\":\" is missing after \"\(name)\"") }
            reader.skipBlanks()
            guard let value = reader.value() else { throw LineMistake("the value of \"\(name)\" is cut off") }
            guard !members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                throw LineMistake("\"\(name)\" stands there twice")
            }
            members.append(Member(name: name, whole: start..<value.upperBound, value: value))
        } while reader.take(",")
        guard reader.take("}") else { throw LineMistake("the object is cut off") }
        try reader.finish()
    }

    subscript(name: String) -> Range<Int>? { members.first { $0.name == name }?.value }
}

private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0

    mutating func skipBlanks() {
        while place < bytes.count, [0x20, 0x09, 0x0D].contains(bytes[place]) { place += 1 }
    }

    mutating func take(_ sign: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard place < bytes.count, bytes[place] == UInt8(ascii: sign) else { return false }
        place += 1
        return true
    }

    func finish() throws(LineMistake) {
        var rest = self
        rest.skipBlanks()
        guard rest.place == bytes.count else { throw LineMistake("something follows the object") }
    }

    /// With its quotes.
    mutating func string() -> Range<Int>? {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { return nil }
        let start = place
        place += 1
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\\"): place += 2
            case UInt8(ascii: "\""):
                place += 1
                return start..<place
            default: place += 1
            }
        }
        return nil
    }

    mutating func value() -> Range<Int>? {
        let start = place
        var depth = 0
        while place < bytes.count {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return nil }
                if depth == 0 { return start..<place }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                place += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of the object around a number or a word.
                if depth == 0 { return place > start ? start..<place : nil }
                depth -= 1
                place += 1
                if depth == 0 { return start..<place }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0D:
                if depth == 0 { return place > start ? start..<place : nil }
                place += 1
            default: place += 1
            }
        }
        return nil
    }
}
