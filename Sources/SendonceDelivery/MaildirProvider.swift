// Mail into a directory: the embedded default, which needs no account. The message is a file whose name is
// the command's id, so writing it twice leaves one.
package import SendonceCore
import SendonceTemplates

package struct MaildirProvider: Provider {
    /// The request's method and the header that names the file; read by whoever writes it.
    package static let method = "DELIVER"
    package static let nameHeader = "message-name"
    package static let scheme = "maildir:"
    /// Statuses of the answer: written now, or there already.
    package static let written = 201
    package static let there = 208

    package init() {}

    package var kind: ProviderKind { .maildir }
    package var capability: Capability { .idempotent }

    package func check(_ route: Route) throws(MessageError) {
        guard route.url.hasPrefix(MaildirProvider.scheme + "/"), !route.url.utf8.contains(0) else {
            throw .route("the route \(route.name) needs a URL such as maildir:/var/mail/out")
        }
    }

    /// The file only names the template.
    package func check(templateID id: Text) throws(MessageError) {
        guard id.isHeaderSafe else {
            throw .templateID(id.string, provider: "maildir", form: "text on one line")
        }
    }

    package func request(for message: Message, at route: Route) throws(MessageError) -> ProviderRequest {
        try check(route)
        return try ProviderRequest(
            .maildir, method: MaildirProvider.method, url: route.url,
            headers: [Header(MaildirProvider.nameHeader, message.command.description)],
            body: try InternetMessage(message).bytes)
    }

    /// A negative code is an `errno`. A full or forbidden directory concerns the whole route and lasts until
    /// a person acts, so it does not use up attempts.
    package func verdict(for answer: TransportAnswer, bodyLength: Int, at route: Route) -> Verdict {
        let name = answer.header(MaildirProvider.nameHeader).map { Text($0) }
        let words = AnswerExcerpt.text(answer.message)
        switch answer.status {
        case MaildirProvider.written: return Verdict(.accepted, messageID: name, code: "written")
        case MaildirProvider.there: return Verdict(.duplicate, messageID: name, code: "already_there")
        default: break
        }
        guard answer.code < 0 else {
            if case .unanswered(let verdict) = answer.finding(bodyLength: bodyLength) { return verdict }
            return Verdict(.unknown, code: "unreadable_answer", words: words, trouble: .server)
        }
        let code = Text("errno_\(-Int64(answer.code))")
        guard answer.issues == 0 else { return Verdict(.unknown, code: code, words: words, trouble: .server) }
        return Verdict(.rejectedForNow, counts: false, code: code, words: words, trouble: .server)
    }
}
