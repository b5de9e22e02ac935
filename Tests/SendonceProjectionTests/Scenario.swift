// Golden scenarios: what the events of one folder of `fixtures/scenarios` must come to. The format is
// described in that folder's README and belongs to no language.
import Foundation
import SendonceCore
import SendonceJSON
import SendonceRules

/// One folder of `fixtures/scenarios`.
struct Scenario {
    enum Line {
        case event(Event, time: Text)
        case activation(file: String, freedKeys: Int64?, time: Timestamp)
        /// Everything above is projected before anything below is written.
        case batch
    }

    enum Defect: Error {
        case line(scenario: String, number: Int, String)
    }

    let name: String
    let lines: [Line]

    init(_ name: String) throws {
        self.name = name
        let text = try Data(contentsOf: Scenario.folder(name).appending(path: "events.jsonl"))
        lines = try text.split(separator: 0x0A).enumerated().map { number, line in
            do {
                return try Scenario.line(PayloadReader.document(Array(line)))
            } catch {
                throw Defect.line(scenario: name, number: number + 1, "\(error)")
            }
        }
    }

    /// Every scenario, in the order of names.
    static let names: [String] = {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: all.path)) ?? []
        return found.filter { !$0.contains(".") }.sorted()
    }()

    static let all = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "fixtures/scenarios")

    static func folder(_ name: String) -> URL { all.appending(path: name) }

    func rules(_ file: String) throws -> ParsedRules {
        let folder = Scenario.folder(name)
        let content = try Data(contentsOf: folder.appending(path: file))
        return try RuleFile.parse(Array(content), fileName: file) { template in
            (try? Data(contentsOf: folder.appending(path: template))).map { Array($0) }
        }
    }

    // MARK: - Reading

    private struct Unreadable: Error {
        var words: String
        init(_ words: String) { self.words = words }
    }

    private static func line(_ value: JSONValue) throws -> Line {
        guard case .object(let members) = value else { throw Unreadable("not an object") }
        if let file = try text("activate", in: value) {
            try refuse(members, but: ["activate", "free_keys", "time"])
            var freed: Int64?
            if case .integer(let digits)? = value.member("free_keys") { freed = Int64(digits) }
            return .activation(file: file.string, freedKeys: freed, time: try time(value).time)
        }
        if value.member("batch") != nil {
            try refuse(members, but: ["batch"])
            return .batch
        }
        try refuse(members, but: ["type", "data", "payload", "id", "source", "subject", "time"])
        guard let type = try text("type", in: value) else { throw Unreadable("no type") }
        let payload: String
        switch (value.member("data"), try text("payload", in: value)) {
        case (let data?, nil): payload = data.jsonText
        case (nil, let text?): payload = text.string
        default: throw Unreadable("data or payload, and not both")
        }
        let (time, words) = try time(value)
        let event = Event(
            id: try text("id", in: value), type: type, source: try text("source", in: value) ?? "",
            subject: try text("subject", in: value), payload: Array(payload.utf8), occurredAt: time)
        return .event(event, time: words)
    }

    private static func text(_ name: Text, in value: JSONValue) throws -> Text? {
        switch value.member(name) {
        case nil: return nil
        case .string(let text)?: return text
        default: throw Unreadable("\(name) is not a text")
        }
    }

    private static func time(_ value: JSONValue) throws -> (time: Timestamp, words: Text) {
        guard let words = try text("time", in: value), let time = Timestamp(words.string) else {
            throw Unreadable("no time")
        }
        return (time, words)
    }

    private static func refuse(_ members: [JSONMember], but known: [Text]) throws {
        for member in members where !known.contains(member.name) {
            throw Unreadable("unknown member \(member.name)")
        }
    }
}
