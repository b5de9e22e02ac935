// RFC 5322 messages: our bytes, and what another program reads from them.
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceTemplates
import Testing

@Suite struct InternetMessageTests {
    private static let hostile = [
        "", "a", "Grüße 👩‍👩‍👧 שלום", "a,b <c@d.test> \"e\" \\f\\", "=?utf-8?B?WA==?=", "tail ", " head", "=",
        "=?",
        String(repeating: "wide ", count: 100), String(repeating: "x", count: 1_200),
        String(repeating: "é", count: 700), "👍" + String(repeating: "\u{1F3FD}", count: 60), "\u{202E}rtl",
        "(comment) name; x: y", "e\u{301}é",
    ]
    private static let bodies = [
        "", "\n", "one line", ".\n..\n.x\r\n", "From here\nFrom: there\n", "tab\t\nblank \n",
        "bare\rreturn\r\nand\nmix",
        "\u{2028}\u{85}\0\u{7F}", "=_sendonce", "--=_sendonce-x\n", String(repeating: "x", count: 5_000),
        String(repeating: "é", count: 500) + "=", "a=\nb=20\n", String(repeating: "y", count: 75) + " z ",
        String(repeating: "F", count: 400) + String(repeating: ".", count: 400),
    ]

    private static func messages() throws -> [Message] {
        var messages: [Message] = []
        for (place, text) in hostile.enumerated() {
            let body = Text(bodies[place % bodies.count])
            let other = Text(bodies[(place + 7) % bodies.count])
            for (html, plain) in [(Text?.none, Text?.some(body)), (other, body), (other, nil)] {
                var message = try Example.message(
                    subject: Text(text), html: html, text: plain, name: Text(text), seed: UInt8(place))
                message.cc = [
                    try Example.address("copy@x.test"), try Example.address("o'brien+x@bücher.example"),
                ]
                message.bcc = [try Example.address("archive@x.test")]
                message.replyTo = Mailbox(name: Text(text + "x"), address: try Example.address("help@x.test"))
                messages.append(message)
            }
        }
        for (place, body) in bodies.enumerated() {
            messages.append(try Example.message(html: Text(body), text: Text(body), seed: UInt8(100 + place)))
        }
        return messages
    }

    @Test("Every line ends in CR LF, is at most 998 bytes long, and no bare CR, LF, NUL or lone dot is in it")
    func lines() throws {
        for message in try Self.messages() {
            let bytes = try InternetMessage(message).bytes
            #expect(bytes.suffix(2) == [0x0D, 0x0A])
            var line: [UInt8] = []
            for (place, byte) in bytes.enumerated() {
                if byte == 0x0A { #expect(place > 0 && bytes[place - 1] == 0x0D) }
                if byte == 0x0D { #expect(place + 1 < bytes.count && bytes[place + 1] == 0x0A) }
                #expect(byte != 0)
                line.append(byte)
                guard byte == 0x0A else { continue }
                #expect(line.count <= 100, "\(String(decoding: line, as: UTF8.self))")
                #expect(line != [0x2E, 0x0D, 0x0A])
                line = []
            }
        }
    }

    @Test("The same message gives the same bytes")
    func repeats() throws {
        for message in try Self.messages() {
            #expect(try InternetMessage(message).bytes == InternetMessage(message).bytes)
        }
    }

    @Test(
        "Dates are those of the calendar",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_795_298_645, "Sat, 21 Nov 2026 22:04:05 +0000"), (-1, "Wed, 31 Dec 1969 23:59:59 +0000"),
            (9_000_000_000_000, "Fri, 31 Dec 9999 23:59:59 +0000"),
            (-9_000_000_000_000, "Mon, 01 Jan 1900 00:00:00 +0000"),
        ])
    func dates(seconds: Int64, expected: String) {
        #expect(InternetMessage.date(Timestamp(microseconds: seconds * 1_000_000)) == expected)
        #expect(!InternetMessage.date(Timestamp(microseconds: .max)).isEmpty)
        #expect(!InternetMessage.date(Timestamp(microseconds: .min)).isEmpty)
    }

    @Test("A provider's template becomes a readable text with its params")
    func template() throws {
        var message = try Example.message()
        message.content = .template(
            id: "3", params: .object([JSONMember("name", .string("Ann")), JSONMember("n", .integer("42"))]))
        let text = String(decoding: try InternetMessage(message).bytes, as: UTF8.self)
        #expect(text.contains("Subject: Template 3\r\n"))
        #expect(text.contains("\r\nname: \"Ann\"\r\nn: 42\r\n"))
        message.content = .template(id: "3\r\nBcc: x", params: .object([]))
        #expect(throws: MessageError.self) { try InternetMessage(message) }
    }

    @Test("Python's email package reads back every header and body that was put in, and finds no defect")
    func python() throws {
        let messages = try Self.messages()
        let sent = try messages.map { message in
            ["raw": Data(try InternetMessage(message).bytes).base64EncodedString()]
        }
        let read = try PythonMail.read(sent)
        #expect(read.count == messages.count)
        for (message, mail) in zip(messages, read) {
            #expect(mail.defects == [], "\(message.content)")
            guard case .rendered(let subject, let html, let text) = message.content else { continue }
            #expect(Text(mail.subject) == subject)
            let name = message.from.name.flatMap { $0.isEmpty ? nil : $0 } ?? ""
            #expect(Text(mail.fromName) == name)
            #expect(mail.from == message.from.address.description)
            #expect(mail.to == [message.to.description])
            #expect(mail.cc == message.cc.map(\.description))
            #expect(mail.replyTo == (message.replyTo.map { [$0.address.description] } ?? []))
            #expect(mail.messageID == "<\(message.command)@shop.example>")
            #expect(mail.command == message.command.description)
            #expect(mail.time == 1_795_298_645)
            #expect(Set(mail.headers).subtracting(Self.expectedHeaders) == [])
            for (body, found) in [(text, mail.text), (html, mail.html)] {
                let expected = body.map { Self.withLineFeeds($0.string) + "\n" }
                #expect(found.map { Text($0) } == expected.map { Text($0) })
            }
        }
    }

    private static let expectedHeaders: Set<String> = [
        "Date", "From", "To", "Cc", "Bcc", "Reply-To", "Subject", "Message-ID", "X-Sendonce-Command",
        "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
    ]

    private static func withLineFeeds(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            if scalar == "\n", previous == "\r" {
                previous = scalar
                continue
            }
            result.append(scalar == "\r" ? "\n" : scalar)
            previous = scalar
        }
        return String(result)
    }
}

/// What Python's email package reads.
private struct PythonMail: Decodable {
    var defects: [String]
    var headers: [String]
    var subject: String
    var fromName: String
    var from: String
    var to: [String]
    var cc: [String]
    var replyTo: [String]
    var messageID: String
    var command: String
    var time: Int
    var text: String?
    var html: String?

    private static let program = """
        import base64, email, email.header, email.policy, email.utils, json, sys
        policy = email.policy.default
        result = []
        for item in json.load(sys.stdin):
            m = email.message_from_bytes(base64.b64decode(item["raw"]), policy=policy)
            def addresses(name):
                return [a.addr_spec for a in m[name].addresses] if m[name] else []
            bodies, defects = {}, []
            for part in m.walk():
                defects += [repr(d) for d in part.defects]
                defects += [repr(d) for v in part.values() for d in v.defects]
                if part.is_multipart(): continue
                raw = part.get_payload(decode=True).decode("utf-8")
                bodies[part.get_content_type()] = raw.replace("\\r\\n", "\\n")
            if m.is_multipart():
                bodies = {k: v + "\\n" for k, v in bodies.items()}
            sender = m["From"].addresses[0]
            # The newer parser puts a blank between encoded words of a phrase; RFC 2047 6.2 does not.
            plain = email.message_from_bytes(base64.b64decode(item["raw"]))["From"].replace("\\r\\n", "")
            name = str(email.header.make_header(email.header.decode_header(email.utils.parseaddr(plain)[0])))
            result.append(dict(defects=defects, headers=m.keys(), subject=str(m["Subject"]),
                fromName=name, **{"from": sender.addr_spec}, to=addresses("To"), cc=addresses("Cc"),
                replyTo=addresses("Reply-To"), messageID=m["Message-ID"].strip(),
                command=m["X-Sendonce-Command"].strip(), time=int(m["Date"].datetime.timestamp()),
                text=bodies.get("text/plain"), html=bodies.get("text/html")))
        json.dump(result, sys.stdout)
        """

    static func read(_ messages: [[String: String]]) throws -> [PythonMail] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Through files, so that neither side waits for a full pipe.
        let (input, output) = (folder.appending(path: "in"), folder.appending(path: "out"))
        try JSONSerialization.data(withJSONObject: messages).write(to: input)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-I", "-c", program]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try JSONDecoder().decode([PythonMail].self, from: try Data(contentsOf: output))
    }
}
