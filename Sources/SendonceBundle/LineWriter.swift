// Writes the lines of an exported file. A payload that is a JSON object on one line stands there byte for
// byte, any other as base64.
import SendonceCore
import SendonceJSON

final class LineWriter {
    private let source: String
    private let probe = PayloadReader(paths: [])
    private var fields = Fields(count: 0)
    private var line: [UInt8] = []

    init(_ header: BundleHeader) {
        source = header.source
    }

    func line(_ header: BundleHeader) -> [UInt8] {
        begin(id: "export-\(header.from)-\(header.through)", source: source, type: BundleLine.headerType)
        add("time", header.exportedAt.text)
        add("datacontenttype", "application/json")
        return end(data: Array(header.data.jsonText.utf8))
    }

    func line(_ digest: Digest, _ file: RuleSetFile) -> [UInt8] {
        begin(
            id: "\(digest)/\(Self.isPlain(file.name) ? file.name.string : "")", source: source,
            type: BundleLine.ruleSetType)
        add("subject", file.name)
        add("datacontenttype", "text/plain")
        add("ruleset", digest.description)
        return end(base64: file.content)
    }

    func line(_ logged: LoggedEvent) -> [UInt8] {
        let event = logged.event
        let standIn = "sendonce-position-\(logged.position)"
        let isSource = CloudEventsText.isURIReference(event.source)
        begin(
            id: event.id.flatMap { Self.isPlain($0) ? $0.string : nil } ?? standIn,
            source: isSource ? event.source.string : source, type: event.type)
        if let id = event.id, !Self.isPlain(id) { addExact("id", id) }
        if event.id == nil { add(literal: "idgiven", "false") }
        if !isSource { addExact("source", event.source) }
        if let subject = event.subject { add("subject", subject) }
        add("time", event.occurredAt.text)
        add("datacontenttype", "application/json")
        add("position", "\(logged.position)")
        add("link", logged.link.description)
        add("recordedat", logged.recordedAt.text)
        if let traceparent = event.traceparent { add("traceparent", traceparent) }
        return standsOnOneLine(event.payload) ? end(data: event.payload) : end(base64: event.payload)
    }

    /// Whether readers of JSON find this payload where it stands, and nothing of it can be lost around it.
    private func standsOnOneLine(_ payload: [UInt8]) -> Bool {
        guard payload.first == UInt8(ascii: "{"), payload.last == UInt8(ascii: "}"),
            !payload.contains(0x0A), !payload.contains(0x0D)
        else { return false }
        do throws(PayloadDefect) {
            try probe.read(payload, slots: [], into: &fields)
            return true
        } catch {
            return false
        }
    }

    private static func isPlain(_ text: Text) -> Bool { CloudEventsText.isAllowed(text) }

    // MARK: Members

    private func begin(id: String, source: String, type: Text) {
        line = Array(#"{"specversion":"1.0""#.utf8)
        add("id", id)
        add("source", source)
        add("type", type.string)
    }

    private func add(literal name: String, _ value: String) {
        line += ",\"\(name)\":\(value)".utf8
    }

    private func add(_ name: String, _ value: String) {
        add(literal: name, JSONValue.quoted(value))
    }

    private func add(_ name: String, _ text: Text) {
        if Self.isPlain(text) { add(name, text.string) } else { addExact(name, text) }
    }

    private func addExact(_ name: String, _ text: Text) {
        add(BundleLine.exactName(name), String(decoding: Base64.text(text.utf8), as: UTF8.self))
    }

    private func end(data: [UInt8]) -> [UInt8] {
        line += #","data":"#.utf8
        line += data
        line += "}\n".utf8
        return line
    }

    private func end(base64 data: [UInt8]) -> [UInt8] {
        line += #","data_base64":""#.utf8
        line += Base64.text(data)
        line += "\"}\n".utf8
        return line
    }
}
