// What Brevo reads from the body of POST /v3/smtp/email, and what it refuses there. Facts:
// developers.brevo.com, reference of "send a transactional email"; the exact texts of its messages are not
// imitated, the codes are.

import Foundation
import NIOCore

/// A message that passed validation.
struct Message: Sendable {
    var key: String?
    /// True with `"headers": {"X-Sib-Sandbox": "drop"}`: validated, answered, not accepted.
    var isSandboxed = false
    var sender: String?
    var to: [String]
    var recipientCount: Int
    var subject: String?
    var tags: [String]
    var params: String?
    var templateId: Int?
    var excerpt: String?

    /// Reads and validates a body.
    init(_ body: ByteBuffer) throws(Refusal) {
        guard
            let members = (try? JSONSerialization.jsonObject(with: Data(body.readableBytesView)))
                as? [String: Any]
        else { throw .invalid("the body must be a valid JSON object") }
        // Honest about what this fake is not: to accept these and ignore them would teach a client wrong.
        for name in ["messageVersions", "scheduledAt", "batchId"] where members[name] != nil {
            throw .invalid("this fake does not know \(name)")
        }
        templateId = try Self.templateId(members["templateId"])
        sender = try Self.sender(members["sender"], needed: templateId == nil)
        to = try Self.recipients(members["to"], named: "to")
        let copies =
            try Self.recipients(members["cc"], named: "cc", needed: false).count
            + Self.recipients(members["bcc"], named: "bcc", needed: false).count
        recipientCount = to.count + copies
        subject = try Self.text(members["subject"], named: "subject")
        let html = try Self.text(members["htmlContent"], named: "htmlContent")
        let plain = try Self.text(members["textContent"], named: "textContent")
        if templateId == nil {
            guard subject != nil else { throw .missing("subject is missing") }
            guard html != nil || plain != nil else { throw .missing("htmlContent or textContent is missing") }
        }
        excerpt = (plain ?? html).map(Self.excerpt)
        tags = try Self.tags(members["tags"])
        params = try Self.object(members["params"], named: "params").map(JSON.text)
        try readHeaders(members["headers"])
    }

    /// Takes the idempotency key and the sandbox flag from the body's headers.
    ///
    /// Only the exact spelling counts, byte by byte: `Idempotency-Key` in the body, or any HTTP header, is
    /// ignored and the message is accepted twice (getbrevo/brevo-node issue 94, 2026-08-04).
    private mutating func readHeaders(_ value: Any?) throws(Refusal) {
        guard let headers = try Self.object(value, named: "headers") else { return }
        for (name, value) in headers {
            guard let value = value as? String else { throw .invalid("headers must have string values") }
            if name.utf8.elementsEqual("idempotencyKey".utf8) {
                guard !value.isEmpty else { throw .invalid("headers.idempotencyKey is empty") }
                key = value
            } else if name.utf8.elementsEqual("X-Sib-Sandbox".utf8) {
                isSandboxed = value.utf8.elementsEqual("drop".utf8)
            }
        }
    }

    private static func templateId(_ value: Any?) throws(Refusal) -> Int? {
        guard let value else { return nil }
        guard let id = JSON.integer(value), id > 0 else {
            throw .invalid("templateId must be a positive number")
        }
        return id
    }

    private static func sender(_ value: Any?, needed: Bool) throws(Refusal) -> String? {
        guard let sender = try object(value, named: "sender") else {
            if needed { throw .missing("sender is missing") }
            return nil
        }
        if let id = sender["id"] {
            guard let id = JSON.integer(id), id > 0 else {
                throw .invalid("sender.id must be a positive number")
            }
            return "id \(id)"
        }
        guard let email = sender["email"] else { throw .missing("sender.email is missing") }
        guard let email = email as? String, isAddress(email) else {
            throw .invalid("sender.email is not valid")
        }
        return email
    }

    private static func recipients(
        _ value: Any?, named name: String, needed: Bool = true
    ) throws(Refusal) -> [String] {
        guard let value else {
            if needed { throw .missing("\(name) is missing") }
            return []
        }
        guard let items = value as? [[String: Any]] else {
            throw .invalid("\(name) must be an array of objects")
        }
        guard !items.isEmpty else { throw .missing("\(name) is empty") }
        var addresses: [String] = []
        for item in items {
            guard let email = item["email"] else { throw .missing("email is missing in \(name)") }
            guard let email = email as? String, isAddress(email) else {
                throw .invalid("email is not valid in \(name)")
            }
            addresses.append(email)
        }
        return addresses
    }

    private static func text(_ value: Any?, named name: String) throws(Refusal) -> String? {
        guard let value else { return nil }
        guard let text = value as? String else { throw .invalid("\(name) must be a string") }
        guard !text.isEmpty else { throw .missing("\(name) is empty") }
        return text
    }

    private static func tags(_ value: Any?) throws(Refusal) -> [String] {
        guard let value else { return [] }
        guard let tags = value as? [String] else { throw .invalid("tags must be an array of strings") }
        return tags
    }

    private static func object(_ value: Any?, named name: String) throws(Refusal) -> [String: Any]? {
        guard let value else { return nil }
        guard let object = value as? [String: Any] else { throw .invalid("\(name) must be an object") }
        return object
    }

    private static func excerpt(_ text: String) -> String {
        if text.utf8.count <= FakeBrevo.Limits.excerptBytes { return text }
        return String(decoding: text.utf8.prefix(FakeBrevo.Limits.excerptBytes), as: UTF8.self)
    }

    /// True if a mail could be sent to this address: one `@`, something before it, a domain of two labels or
    /// more after it, no blanks and no control characters. What Brevo checks beyond that is not documented.
    static func isAddress(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].count), parts[1].count <= 255 else { return false }
        let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, labels.allSatisfy({ (1...63).contains($0.count) }) else { return false }
        return text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }
}
