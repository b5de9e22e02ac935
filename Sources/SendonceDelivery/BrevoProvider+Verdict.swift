// How Brevo's answers are read. Bodies are `{"code":…,"message":…}`; codes from the error model of
// https://github.com/getbrevo/brevo-node and https://developers.brevo.com/docs/how-it-works (read 2026-11).
package import SendonceCore
import SendonceJSON
import SendonceTemplates

extension BrevoProvider {
    package func verdict(for answer: TransportAnswer, bodyLength: Int, at route: Route) -> Verdict {
        switch answer.finding(bodyLength: bodyLength) {
        case .unanswered(let verdict):
            var verdict = verdict
            verdict.words = AnswerExcerpt.text(verdict.words.string, without: route.secret)
            return verdict
        case .answered(let status, let isComplete):
            let reading = BrevoAnswer(answer, status: status, secret: route.secret)
            return reading.verdict(isComplete: isComplete)
        }
    }
}

/// What is of use in one answer.
private struct BrevoAnswer {
    let status: Int
    /// Whether the body is JSON.
    let isReadable: Bool
    let code: Text
    let words: Text
    let messageID: Text?
    let retryAfter: Span?

    init(_ answer: TransportAnswer, status: Int, secret: Secret?) {
        self.status = status
        let document = try? PayloadReader.document(answer.body)
        isReadable = document != nil
        code = BrevoAnswer.code(document) ?? Text("http_\(status)")
        let message =
            document?.member("message")?.text?.string ?? String(decoding: answer.body, as: UTF8.self)
        words = AnswerExcerpt.text((200..<300).contains(status) ? "" : message, without: secret)
        messageID = BrevoAnswer.messageID(document)
        retryAfter = BrevoAnswer.retryAfter(answer)
    }

    func verdict(isComplete: Bool) -> Verdict {
        switch status {
        // Also where the body is cut off or cannot be read: then the message is accepted and its id is lost.
        case 200..<300 where status == 201 || status == 202 || messageID != nil:
            return Verdict(.accepted, messageID: messageID, code: Text("http_\(status)"), words: words)
        // Another 2xx without an id is not how Brevo accepts: a portal or a proxy may have answered in its
        // place.
        case 200..<300: return verdict(.unknown, trouble: .server)
        // Not Brevo's API but something in its place: a wrong URL, a proxy. No command must be burnt for
        // that.
        case 300..<400, 405: return verdict(.rejectedForNow, counts: false, trouble: .account)
        case 404 where code == "http_404": return verdict(.rejectedForNow, counts: false, trouble: .account)
        case 400 where code == "duplicate_parameter", 409 where code == "duplicate_parameter":
            return verdict(.duplicate)
        // A conflict that is not a duplicate: `duplicate_request`, the first request with this key is still
        // at work. Whether it will be accepted is not known, and asking again under the key tells.
        case 409: return verdict(.unknown)
        // A 400 may be the refusal of a duplicate; which one it is stood in the part that did not arrive.
        case 400 where !isComplete || !isReadable: return verdict(.unknown)
        case 401, 403: return verdict(.rejectedForNow, counts: false, trouble: .account)
        case 402: return verdict(.rejectedForNow, counts: false, trouble: .credit)
        case 429: return verdict(.rejectedForNow, counts: false, trouble: .throttled)
        case 420, 421, 425: return verdict(.rejectedForNow)
        case 408, 500...: return verdict(.unknown, trouble: .server)
        default: return verdict(.rejected)
        }
    }

    private func verdict(_ outcome: Outcome, counts: Bool = true, trouble: RouteTrouble? = nil) -> Verdict {
        Verdict(outcome, counts: counts, code: code, words: words, retryAfter: retryAfter, trouble: trouble)
    }

    /// A machine word, or nil: a hostile text must not become a metric's label.
    private static func code(_ document: JSONValue?) -> Text? {
        guard let code = document?.member("code")?.text, (1...64).contains(code.utf8.count),
            code.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F })
        else { return nil }
        return code
    }

    private static func messageID(_ document: JSONValue?) -> Text? {
        var found = document?.member("messageId")?.text
        if found == nil, case .array(let ids)? = document?.member("messageIds") { found = ids.first?.text }
        guard let found, (1...DeliveryLimits.messageIDBytes).contains(found.utf8.count), found.isHeaderSafe
        else {
            return nil
        }
        return found
    }

    /// Whole seconds. `Retry-After` as a date is not read: it would take a clock, and Brevo sends none.
    private static func retryAfter(_ answer: TransportAnswer) -> Span? {
        for name in ["retry-after", "x-sib-ratelimit-reset"] {
            guard let text = answer.header(name), (1...9).contains(text.utf8.count),
                text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int64(text)
            else { continue }
            return min(.seconds(seconds), DeliveryLimits.longestRetryAfter)
        }
        return nil
    }
}

extension JSONValue {
    fileprivate var text: Text? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
