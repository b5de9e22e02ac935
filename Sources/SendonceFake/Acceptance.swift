// One message that the fake took, with what a test counts by and what a person recognises it by.

import Foundation

extension FakeBrevo {
    /// One accepted message.
    package struct Acceptance: Sendable, Equatable {
        /// The value of `headers.idempotencyKey` in the body; nil if there was none under exactly this name.
        package var key: String?
        package var messageId: String
        package var sender: String?
        package var to: [String]
        package var subject: String?
        package var tags: [String]
        /// The template's parameters as a JSON object; nil if there were none.
        package var params: String?
        package var templateId: Int?
        /// The beginning of the message's text for people, at most `Limits.excerptBytes` of it.
        package var excerpt: String?
        /// Recipients in to, cc and bcc.
        package var recipientCount: Int
        /// Milliseconds since 1970 by the fake's clock.
        package var receivedAt: Int64
        /// Later requests with this key that were refused as duplicates, since the start of this fake. Not
        /// recorded in the file.
        package var refusedDuplicates = 0

        /// About how many bytes of text this keeps.
        var retainedBytes: Int {
            let texts = [key, messageId, sender, subject, params, excerpt].reduce(0) {
                $0 + ($1?.utf8.count ?? 0)
            }
            return (to + tags).reduce(texts) { $0 + $1.utf8.count } + 256
        }

        /// One JSON object on one line, with or without the count of refused duplicates.
        func line(withDuplicates: Bool) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(retainedBytes + 64)
            func add(_ name: String, _ value: String) { bytes += "\(name)\(value)".utf8 }
            func add(_ name: String, text: String?) {
                bytes += name.utf8
                JSON.append(text: text, to: &bytes)
            }
            add("{\"key\":", text: key)
            add(",\"messageId\":", text: messageId)
            add(",\"sender\":", text: sender)
            bytes += ",\"to\":".utf8
            JSON.append(to, to: &bytes)
            add(",\"subject\":", text: subject)
            bytes += ",\"tags\":".utf8
            JSON.append(tags, to: &bytes)
            add(",\"templateId\":", templateId.map { "\($0)" } ?? "null")
            add(",\"params\":", params ?? "null")
            add(",\"text\":", text: excerpt)
            add(",\"recipientCount\":", "\(recipientCount)")
            add(",\"receivedAt\":", "\(receivedAt)")
            if withDuplicates { add(",\"refusedDuplicates\":", "\(refusedDuplicates)") }
            bytes.append(UInt8(ascii: "}"))
            return bytes
        }
    }
}

extension FakeBrevo.Acceptance {
    /// Reads a line of the record file; nil if it is not one.
    init?(recordLine: Data) {
        guard let members = (try? JSONSerialization.jsonObject(with: recordLine)) as? [String: Any],
            let messageId = members["messageId"] as? String, let to = members["to"] as? [String],
            let tags = members["tags"] as? [String], let receivedAt = members["receivedAt"] as? Int64,
            let recipientCount = members["recipientCount"] as? Int
        else { return nil }
        self.init(
            key: members["key"] as? String, messageId: messageId, sender: members["sender"] as? String,
            to: to,
            subject: members["subject"] as? String, tags: tags,
            params: (members["params"] as? [String: Any]).map(JSON.text),
            templateId: members["templateId"] as? Int, excerpt: members["text"] as? String,
            recipientCount: recipientCount, receivedAt: receivedAt)
    }
}
