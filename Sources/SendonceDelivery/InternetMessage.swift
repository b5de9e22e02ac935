// Builds an Internet message (RFC 5322, with MIME by RFC 2045 to 2047), the same bytes for the same message:
// no clock, no random boundary, no host name.
package import SendonceCore
import SendonceTemplates

/// The bytes of one message, lines ended by CR LF and at most 76 characters long but for addresses.
///
/// Guarantees: text that could begin a header of its own is refused, not repaired; a body can hold neither a
/// bare CR or LF nor a line of a single dot nor the boundary (quoted-printable writes `=` and leading dots as
/// escapes). Addresses with non-ASCII local parts stand as UTF-8 (RFC 6532).
package struct InternetMessage: Sendable {
    package let bytes: [UInt8]

    package init(_ message: Message) throws(MessageError) {
        try message.checkHeaders()
        var writer = InternetMessageWriter()
        let id = message.command.description
        writer.header("Date", [InternetMessage.date(message.createdAt)])
        writer.header("From", [InternetMessage.mailbox(message.from)])
        writer.header("To", [message.to.description])
        if !message.cc.isEmpty { writer.header("Cc", message.cc.map(\.description)) }
        // RFC 5322 3.6.3 lets the author's copy name them; whoever hands the file on takes this line out.
        if !message.bcc.isEmpty { writer.header("Bcc", message.bcc.map(\.description)) }
        if let replyTo = message.replyTo { writer.header("Reply-To", [InternetMessage.mailbox(replyTo)]) }
        let (subject, parts) = try InternetMessage.content(of: message)
        writer.header("Subject", [HeaderWords.unstructured(subject, after: "Subject: ")])
        writer.header("Message-ID", ["<\(id)@\(message.from.address.domain)>"])
        writer.header("X-Sendonce-Command", [id])
        writer.header("MIME-Version", ["1.0"])
        if parts.count == 1 {
            writer.part(parts[0])
        } else {
            // `=_` cannot occur in a quoted-printable body (RFC 2045, 6.7).
            let boundary = "=_sendonce-\(id)"
            writer.header("Content-Type", ["multipart/alternative;\r\n boundary=\"\(boundary)\""])
            writer.line("")
            for part in parts {
                writer.line("--" + boundary)
                writer.part(part)
            }
            writer.line("--" + boundary + "--")
        }
        bytes = writer.bytes
    }

    /// Plainest first, as RFC 2046 5.1.4 wants it.
    private static func content(
        of message: Message
    ) throws(MessageError) -> (subject: Text, parts: [InternetMessageWriter.Part]) {
        switch message.content {
        case .rendered(let subject, let html, let text):
            let parts = [
                text.map { InternetMessageWriter.Part(type: "text/plain", text: $0) },
                html.map { InternetMessageWriter.Part(type: "text/html", text: $0) },
            ]
            return (subject, parts.compactMap { $0 })
        case .template(let id, let params):
            try MaildirProvider().check(templateID: id)
            var lines =
                "This message uses template \(id) of a provider, which only the provider can render.\n"
            lines += "It would be filled with:\n\n"
            if case .object(let members) = params {
                for member in members { lines += "\(member.name): \(member.value.jsonText)\n" }
            }
            return (
                Text("Template \(id)"), [InternetMessageWriter.Part(type: "text/plain", text: Text(lines))]
            )
        }
    }

    private static func mailbox(_ mailbox: Mailbox) -> String {
        guard let name = mailbox.name, !name.isEmpty else { return mailbox.address.description }
        let address = "<\(mailbox.address)>"
        let words = HeaderWords.phrase(name)
        // An encoded name may fill its line; the address then takes the next.
        return words.utf8.count + address.utf8.count > 60 ? words + "\r\n " + address : words + " " + address
    }

    /// RFC 5322 3.3, in UTC. Years that its four digits cannot hold become the nearest that they can.
    package static func date(_ time: Timestamp) -> String {
        let first: Int64 = -2_208_988_800  // 1900-01-01
        let last: Int64 = 253_402_300_799  // 9999-12-31T23:59:59
        let seconds = min(max(Timestamp.floorDivide(time.microseconds, 1_000_000).quotient, first), last)
        let text = Array(Timestamp(microseconds: seconds * 1_000_000).text.utf8)
        func digits(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let epochDay = Timestamp.floorDivide(seconds, 86_400).quotient
        let day = days[Int(Timestamp.floorDivide(epochDay, 7).remainder)]
        let month = months[(Int(digits(5..<7)) ?? 1) - 1]
        return "\(day), \(digits(8..<10)) \(month) \(digits(0..<4)) \(digits(11..<19)) +0000"
    }
}

/// Puts lines together. What it is given is safe already.
struct InternetMessageWriter {
    struct Part {
        var type: String
        var text: Text
    }

    private(set) var bytes: [UInt8] = []

    mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(contentsOf: [0x0D, 0x0A])
    }

    /// A header whose values are separated by commas, each on a line of its own.
    mutating func header(_ name: String, _ values: [String]) {
        line(name + ": " + values.joined(separator: ",\r\n "))
    }

    mutating func part(_ part: Part) {
        line("Content-Type: \(part.type); charset=utf-8")
        line("Content-Transfer-Encoding: quoted-printable")
        line("")
        bytes.append(contentsOf: QuotedPrintable.encode(part.text))
        bytes.append(contentsOf: [0x0D, 0x0A])
    }
}
