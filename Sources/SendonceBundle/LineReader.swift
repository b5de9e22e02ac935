// Reads the lines of an exported file, strictly: a member that is missing, unknown or of another type is a
// mistake, because whatever is overlooked here would be missing from what is decided by it.
import SendonceCore
import SendonceJSON

/// Has a parser's memory; for one thread at a time.
final class LineReader {
    private let reader = PayloadReader(paths: [Path(.data)])
    private var fields = Fields(count: 1)

    private static let known: Set<String> = {
        let texts = ["id", "source", "subject", "traceparent"]
        return Set(
            texts + texts.map(BundleLine.exactName)
                + [
                    "specversion", "type", "time", "datacontenttype", "data", "data_base64", "position",
                    "link", "recordedat", "idgiven", "ruleset",
                ])
    }()

    func read(_ line: UnsafeBufferPointer<UInt8>) throws(LineMistake) -> BundleLine {
        let slices = try ObjectSlices(line)
        for member in slices.members where !Self.known.contains(member.name) {
            throw LineMistake("`\(member.name)` is not known here: no line of an export has it")
        }
        let attributes = try attributes(slices, of: line)
        guard try attributes.text("specversion") == "1.0" else {
            throw LineMistake("`specversion` must be 1.0")
        }
        let data = try data(slices, of: line)
        switch try attributes.text("type") {
        case BundleLine.headerType: return .header(try header(attributes, data: data))
        case BundleLine.ruleSetType: return try ruleSetFile(attributes, data: data)
        case let type: return .event(try event(attributes, type: type, payload: data))
        }
    }

    // MARK: The kinds

    private func header(_ attributes: JSONValue, data: [UInt8]) throws(LineMistake) -> BundleHeader {
        do throws(PayloadDefect) {
            try reader.read(data, slots: [0], into: &fields)
        } catch {
            throw LineMistake("`data`: \(error.description)")
        }
        return try BundleHeader(data: fields.values[0] ?? .null, exportedAt: try attributes.time("time"))
    }

    private func ruleSetFile(_ attributes: JSONValue, data: [UInt8]) throws(LineMistake) -> BundleLine {
        guard let name = try attributes.exactText("subject") else {
            throw LineMistake("`subject`, the file's name, is missing")
        }
        return .ruleSetFile(try attributes.digest("ruleset"), RuleSetFile(name: name, content: data))
    }

    private func event(
        _ attributes: JSONValue, type: Text, payload: [UInt8]
    ) throws(LineMistake) -> LoggedEvent {
        guard let position = Int64(try attributes.text("position").string), position >= 1 else {
            throw LineMistake("`position` must be a text with a number from 1")
        }
        let isIDGiven: Bool
        switch attributes.member("idgiven") {
        case nil: isIDGiven = true
        case .bool(false)?: isIDGiven = false
        default: throw LineMistake("`idgiven` can only be false")
        }
        let id = try attributes.exactText("id")
        guard id != nil, let source = try attributes.exactText("source") else {
            throw LineMistake("`id` and `source` must be there")
        }
        return LoggedEvent(
            position: position,
            event: Event(
                id: isIDGiven ? id : nil, type: type, source: source,
                subject: try attributes.exactText("subject"), payload: payload,
                occurredAt: try attributes.time("time"),
                traceparent: try attributes.exactText("traceparent")),
            link: try attributes.digest("link"), recordedAt: try attributes.time("recordedat"))
    }

    // MARK: The members

    /// All members but the data, which may be longer than any other JSON that is read here.
    private func attributes(
        _ slices: ObjectSlices, of line: UnsafeBufferPointer<UInt8>
    ) throws(LineMistake) -> JSONValue {
        var envelope: [UInt8] = [UInt8(ascii: "{")]
        for member in slices.members where member.name != "data" && member.name != "data_base64" {
            if envelope.count > 1 { envelope.append(UInt8(ascii: ",")) }
            envelope += line[member.whole]
        }
        envelope.append(UInt8(ascii: "}"))
        do throws(PayloadDefect) {
            try reader.read(envelope, slots: [0], into: &fields)
        } catch {
            throw LineMistake(error.description)
        }
        return fields.values[0] ?? .null
    }

    private func data(
        _ slices: ObjectSlices, of line: UnsafeBufferPointer<UInt8>
    ) throws(LineMistake) -> [UInt8] {
        switch (slices["data"], slices["data_base64"]) {
        case (let place?, nil):
            let data = Array(line[place])
            do throws(PayloadDefect) {
                try reader.read(data, slots: [], into: &fields)
            } catch {
                throw LineMistake("`data`: \(error.description)")
            }
            return data
        case (nil, let place?):
            let text = line[place]
            guard text.count >= 2, text.first == UInt8(ascii: "\""),
                let data = Base64.bytes(text.dropFirst().dropLast())
            else { throw LineMistake("`data_base64` is not base64") }
            return data
        default: throw LineMistake("one of `data` and `data_base64` must be there")
        }
    }
}

extension JSONValue {
    /// The attribute as its producer gave it: where CloudEvents does not allow that, it stands as base64.
    fileprivate func exactText(_ name: String) throws(LineMistake) -> Text? {
        let exact = BundleLine.exactName(name)
        guard member(Text(exact)) != nil else {
            return member(Text(name)) == nil ? nil : try text(Text(name))
        }
        guard let bytes = Base64.bytes(Array(try text(Text(exact)).utf8)),
            let text = String(validating: bytes, as: UTF8.self)
        else { throw LineMistake("`\(exact)` is not a text as base64") }
        return Text(text)
    }

    fileprivate func time(_ name: Text) throws(LineMistake) -> Timestamp {
        guard let time = Timestamp(try text(name).string) else {
            throw LineMistake("`\(name)` must be a time such as 2026-11-21T22:04:05.123456Z")
        }
        return time
    }
}
