// The first line of an exported file: of which log, from where to where.
package import SendonceCore
package import SendonceStore

package struct BundleHeader: Hashable, Sendable {
    /// Of the format; a reader knows one.
    static let format: Int64 = 1

    /// The log's name; nil of an empty log. In a redacted file, as all its links, a pseudonym.
    package var log: LogName?
    package var from: Int64
    /// `from - 1` if there is no event.
    package var through: Int64
    /// The link before the first event.
    package var before: Digest
    /// The link of the last event.
    package var link: Digest
    package var isRedacted: Bool
    package var exportedAt: Timestamp

    package init(
        log: LogName?, from: Int64, through: Int64, before: Digest, link: Digest, isRedacted: Bool,
        exportedAt: Timestamp
    ) {
        self.log = log
        self.from = from
        self.through = through
        self.before = before
        self.link = link
        self.isRedacted = isRedacted
        self.exportedAt = exportedAt
    }

    package var events: Int64 { through - from + 1 }

    /// Where the log's own lines come from, as CloudEvents name it.
    var source: String { "urn:sendonce:log" + (log.map { ":\($0)" } ?? "") }

    var data: JSONValue {
        .object([
            JSONMember("format", .integer(String(Self.format))),
            JSONMember("log", log.map { .string(Text($0.description)) } ?? .null),
            JSONMember("from", .integer(String(from))), JSONMember("through", .integer(String(through))),
            JSONMember("before", .string(Text(before.description))),
            JSONMember("link", .string(Text(link.description))),
            JSONMember("redacted", .bool(isRedacted)),
        ])
    }

    init(data: JSONValue, exportedAt: Timestamp) throws(LineMistake) {
        guard case .integer(let digits)? = data.member("format") else {
            throw LineMistake("this is no export of sendonce: `data.format` is missing")
        }
        guard digits == String(Self.format) else {
            throw LineMistake("format \(digits) is not known here: use a newer sendonce")
        }
        try data.allow(["format", "log", "from", "through", "before", "link", "redacted"])
        if case .null? = data.member("log") { log = nil } else { log = try data.digest("log") }
        (from, through) = (try data.integer("from"), try data.integer("through"))
        (before, link) = (try data.digest("before"), try data.digest("link"))
        guard case .bool(let isRedacted)? = data.member("redacted") else {
            throw LineMistake("`data.redacted` must be true or false")
        }
        self.isRedacted = isRedacted
        self.exportedAt = exportedAt
        guard from >= 1, through >= from - 1, through < .max, (log == nil) == (through == 0) else {
            throw LineMistake("`data.from` and `data.through` name no part of a log")
        }
        guard events > 0 || before == link, from > 1 || isRedacted || before == .zero else {
            throw LineMistake("`data.before` does not fit `data.from`")
        }
    }
}

extension JSONValue {
    func text(_ name: Text) throws(LineMistake) -> Text {
        guard case .string(let text)? = member(name) else { throw LineMistake("`\(name)` must be a text") }
        return text
    }

    func integer(_ name: Text) throws(LineMistake) -> Int64 {
        guard case .integer(let digits)? = member(name), let number = Int64(digits) else {
            throw LineMistake("`\(name)` must be an integer")
        }
        return number
    }

    func digest(_ name: Text) throws(LineMistake) -> Digest {
        guard let digest = Digest(hexadecimal: try text(name).string) else {
            throw LineMistake("`\(name)` must be 64 hexadecimal digits")
        }
        return digest
    }

    /// Refuses members that nobody here knows.
    func allow(_ names: [Text]) throws(LineMistake) {
        guard case .object(let members) = self else { throw LineMistake("`data` must be an object") }
        for member in members where !names.contains(member.name) {
            throw LineMistake("`\(member.name)` is not known here")
        }
    }
}
