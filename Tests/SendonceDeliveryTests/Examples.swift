// Values that many tests use.
import Foundation
import SendonceCore
import SendonceDelivery
import Testing

enum Example {
    static let secretText = "xkeysib-test-secret-0001"
    static let epoch = Timestamp(microseconds: 1_795_298_645_123_456)

    static func command(_ seed: UInt8 = 1) -> CommandID {
        CommandID(key: DigestBuilder.digest(of: [seed]), slot: "forever", generation: 1)
    }

    static func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(text)) }

    static func brevo(secret: String? = secretText, url: String = "https://api.brevo.com") -> Route {
        Route(name: "brevo", kind: .brevo, url: url, secret: secret.flatMap { Secret($0) })
    }

    static func maildir(_ path: String = "/var/mail/out") -> Route {
        Route(name: "files", kind: .maildir, url: "maildir:" + path)
    }

    static func message(
        subject: Text = "Your order 42", html: Text? = "<p>Thank you</p>", text: Text? = "Thank you\n",
        name: Text? = "Shop", seed: UInt8 = 1
    ) throws -> Message {
        Message(
            command: command(seed), to: try address("ann@x.test"),
            from: Mailbox(name: name, address: try address("no-reply@shop.example")),
            content: .rendered(subject: subject, html: html, text: text), createdAt: epoch)
    }

    /// A file below `fixtures/providers`.
    static func fixtures(_ path: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appending(path: "fixtures/providers/\(path)")
    }
}

/// Numbers from a seed (SplitMix64), so that a failure can be repeated.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Takes nothing.
struct NoTransport: Transport {
    func submit(_ requests: [TransportRequest], answered: @escaping @Sendable ([TransportAnswer]) -> Void) {}
    func close() {}
}
