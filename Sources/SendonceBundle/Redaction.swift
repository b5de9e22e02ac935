// Values to pseudonyms, for a file that leaves the house: equal values stay equal within the file, and
// without the key, which nobody keeps, no guess can be tried against it.
package import SendonceCore
import SendonceJSON

package struct Redaction: Sendable {
    private let digest: KeyedDigest
    private let kept: [Path]
    private let redactsNumbers: Bool

    /// - Parameter key: `BundleLimits.keyBytes` random bytes, used for this file only and kept by nobody.
    /// - Parameter kept: paths of values that stay, with all that is below them. Indices may be left out: a
    ///   path goes on into every element of a list.
    package init(key: [UInt8], kept: [Path] = [], redactsNumbers: Bool = false) {
        digest = KeyedDigest(key: key)
        self.kept = kept
        self.redactsNumbers = redactsNumbers
    }

    // MARK: Values

    /// `r-…`, or, for an address, `r-…@redacted.invalid`. Addresses that are one to a rule (whose domain
    /// differs in case only) have one pseudonym. What no key can be made of stays so: a text that is empty or
    /// blank, and one that is too long.
    func pseudonym(_ text: Text) -> Text {
        if text.string.unicodeScalars.allSatisfy(\.properties.isWhitespace) { return text }
        if let address = EmailAddress(text.string) { return pseudonym(address) }
        let short = "r-" + digits(of: Array(text.utf8))
        guard text.utf8.count > Limits.keyPartBytes else { return Text(short) }
        return Text(short + String(repeating: "-", count: Limits.keyPartBytes))
    }

    private func pseudonym(_ address: EmailAddress) -> Text {
        Text("r-\(digits(of: Array(address.description.utf8)))@redacted.invalid")
    }

    private func digits(of bytes: [UInt8], count: Int = BundleLimits.pseudonymDigits) -> String {
        String(digest.digest(of: bytes).description.prefix(count))
    }

    /// A link says too much where it stands: whoever knows all of an event but an address could try addresses
    /// until the link fits.
    func link(_ link: Digest) -> Digest { digest.digest(of: link.bytes) }

    /// In the form of W3C Trace Context, so that traces still belong together.
    private func trace(_ text: Text) -> Text {
        let parts = text.string.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            parts[3].utf8.count == 2
        else { return pseudonym(text) }
        let trace = digits(of: Array(parts[1].utf8), count: 32)
        return Text("00-\(trace)-\(digits(of: Array(parts[2].utf8), count: 16))-\(parts[3])")
    }

    // MARK: Events

    /// The event with pseudonyms. A control event keeps what replay needs: names of rules, times and counts,
    /// and, by `ruleSets`, the digests under which rule sets stand in this file.
    func event(_ logged: LoggedEvent, ruleSets: [Digest: Digest]) -> (event: LoggedEvent, isWhole: Bool) {
        let event = logged.event
        let isOurs = event.isControl
        func envelope(_ text: Text, _ root: Path.Root) -> Text {
            kept.contains { $0.root == root } ? text : pseudonym(text)
        }
        var redacted = event
        redacted.id = event.id.map { envelope($0, .id) }
        redacted.source = isOurs ? event.source : envelope(event.source, .source)
        redacted.subject = event.subject.map { envelope($0, .subject) }
        redacted.traceparent = event.traceparent.map(trace)
        let payload = isOurs ? controlPayload(event.payload, ruleSets) : payload(event.payload)
        // What cannot be read stays what cannot be read.
        redacted.payload = payload ?? Array(("r-" + digits(of: event.payload)).utf8)
        let result = LoggedEvent(
            position: logged.position, event: redacted, link: link(logged.link), recordedAt: logged.recordedAt
        )
        return (result, payload != nil)
    }

    /// nil if it cannot be read, or is too long with its pseudonyms.
    private func payload(_ bytes: [UInt8]) -> [UInt8]? {
        guard let value = Self.object(bytes) else { return nil }
        let paths = kept.filter { $0.root == .data }.map { $0.steps[...] }
        return Self.bounded(redacted(value, kept: paths))
    }

    private func controlPayload(_ bytes: [UInt8], _ ruleSets: [Digest: Digest]) -> [UInt8]? {
        guard let value = Self.object(bytes), case .object(let members) = value else { return nil }
        return Self.bounded(
            .object(
                members.map { member in
                    switch (member.name, member.value) {
                    case ("rule_set", .string(let text)):
                        let found = Digest(hexadecimal: text.string).flatMap { ruleSets[$0] }
                        return JSONMember(
                            member.name, .string(found.map { Text($0.description) } ?? pseudonym(text)))
                    case ("rule", _), ("rules", _), ("scopes", _): return member
                    // What a person wrote, even if it looks like a time.
                    case ("request", _), ("actor", _), ("reason", _):
                        return JSONMember(member.name, redacted(member.value, kept: []))
                    default: return JSONMember(member.name, controlValue(member.value))
                    }
                }))
    }

    /// Numbers and times of an event that only Sendonce writes tell nobody's data, and replay decides by
    /// them.
    private func controlValue(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .number: value
        case .string(let text): isOwnTime(text) ? value : .string(pseudonym(text))
        case .array(let values): .array(values.map(controlValue))
        case .object(let members):
            .object(members.map { JSONMember(name($0.name), controlValue($0.value)) })
        }
    }

    /// Whether it is a time as Sendonce writes it.
    private func isOwnTime(_ text: Text) -> Bool {
        Timestamp(text.string)?.text == text.string
    }

    private static func object(_ bytes: [UInt8]) -> JSONValue? {
        guard let value = try? PayloadReader.decidedPayload(bytes), case .object = value else { return nil }
        return value
    }

    private static func bounded(_ value: JSONValue) -> [UInt8]? {
        let bytes = Array(value.jsonText.utf8)
        return bytes.count <= Limits.payloadBytes ? bytes : nil
    }

    private func redacted(_ value: JSONValue, kept paths: [ArraySlice<Path.Step>]) -> JSONValue {
        if paths.contains(where: \.isEmpty) { return value }
        switch value {
        case .null, .bool: return value
        case .integer(let digits), .number(let digits):
            return redactsNumbers ? .string(pseudonym(Text(digits))) : value
        case .string(let text): return .string(pseudonym(text))
        case .array(let values):
            return .array(
                values.enumerated().map { index, value in
                    let inner = paths.compactMap { path -> ArraySlice<Path.Step>? in
                        guard case .index(let wanted)? = path.first else { return path }
                        return wanted == index || wanted == index - values.count ? path.dropFirst() : nil
                    }
                    return redacted(value, kept: inner)
                })
        case .object(let members):
            return .object(
                members.map { member in
                    let inner = paths.filter { $0.first == .member(member.name) }.map { $0.dropFirst() }
                    return JSONMember(name(member.name), redacted(member.value, kept: inner))
                })
        }
    }

    /// Names of members are structure, unless somebody uses addresses as names.
    private func name(_ name: Text) -> Text {
        guard name.utf8.contains(0x40) else { return name }
        return EmailAddress(name.string).map(pseudonym) ?? pseudonym(name)
    }

    // MARK: Rule sets

    /// A rule set's file with a pseudonym for every address in it. All other text stays.
    func file(_ file: RuleSetFile) -> RuleSetFile {
        let content = AddressScan.replacing(file.content) { pseudonym($0).string }
        return RuleSetFile(name: file.name, content: content)
    }
}
