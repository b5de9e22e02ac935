// `run --once` into a maildir, and a key that nothing ever prints.
import Foundation
import ProcessSupport
import SendonceFake
import Testing

@Suite("Commands: run")
struct RunTests {
    @Test("Running once writes one mail into the maildir for an order that was written three times")
    func maildir() throws {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        for _ in 1...3 { try sandbox.order(42) }
        let run = try sandbox.sendonce("run", "--once")
        #expect(run.status == 0 && run.errors.isEmpty)
        #expect(run.output == "3 events decided, 1 command emitted; attempts: 1 accepted\n")
        let files = try FileManager.default.contentsOfDirectory(atPath: sandbox.path("mail/new"))
        #expect(files.count == 1)
        let mail = sandbox.read("mail/new/\(files.first ?? "")")
        #expect(mail.contains("Subject: Your order 42\r\n") && mail.contains("To: ann@shop.example\r\n"))
        #expect(mail.contains("Dear Ann, thank you for order 42."))
        try sandbox.sendonce("run", "--once")
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.path("mail/new")) == files)
    }

    @Test("A first start makes the tables, activates the rules and delivers in one command")
    func firstStart() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        let run = try sandbox.sendonce("run", "--once", "--migrate", "--activate", "rules.yaml")
        #expect(run.status == 0 && run.output.contains("+ confirmation"))
        try sandbox.order(1)
        #expect(try sandbox.sendonce("run", "--once").output.contains("1 accepted"))
    }

    @Test("Events without rules make `run --once` answer no, with the cure, and the events stay")
    func noRules() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        try sandbox.sendonce("migrate", "up")
        try sandbox.order(1)
        let run = try sandbox.sendonce("run", "--once")
        #expect(run.status == 1 && run.errors.contains("sendonce rules activate FILE"))
        #expect(try sandbox.sendonce("doctor").output.contains("1 waiting"))
    }

    @Test(
        "No command prints the provider's key, however much is logged and whatever goes wrong",
        arguments: ["the-right-key-7f3a", "a-wrong-key-91bc"])
    func secrets(key: String) async throws {
        var configuration = FakeBrevo.Configuration()
        configuration.apiKeys = ["the-right-key-7f3a"]
        let fake = FakeBrevo(configuration)
        let port = try await fake.start(port: 0)
        let texts = try outputs(key: key, port: port)
        await fake.stop()
        #expect(texts.count > 40)
        for (command, text) in texts where text.contains(key) { Issue.record("\(command) prints the key") }
        #expect(
            texts.contains { $0.1.contains(key.hasPrefix("a-wrong") ? "1 rejected for now" : "1 accepted") })
    }

    /// What every command writes to its streams, with the key from a file and from the environment.
    private func outputs(key: String, port: Int) throws -> [(String, String)] {
        var texts: [(String, String)] = []
        let settings = """
            database: shop.sqlite
            routes: [local]
            route:
              local: { provider: brevo, url: "http://127.0.0.1:\(port)",
            """
        for source in ["file", "environment"] {
            let sandbox = try Sandbox()
            try sandbox.openShop()
            try sandbox.write(key + "\n", to: "key")
            try sandbox.write(
                settings + (source == "file" ? " api_key_file: key }\n" : " rate: 10 }\n"),
                to: "sendonce.yaml")
            try sandbox.order(42)
            try sandbox.write(#"{"type": "order.placed", "data": {}}"#, to: "event.json")
            var environment = ["SENDONCE_LOG": "trace"]
            if source == "environment" { environment["SENDONCE_ROUTE_LOCAL_API_KEY"] = key }
            for arguments in [
                ["doctor"], ["doctor", "--json"], ["run", "--once"], ["run", "--once"], ["events", "--json"],
                ["messages", "--json"], ["why", "42"], ["why", "42", "--json"], ["why", key.uppercased()],
                ["migrate", "up"], ["migrate", "status"], ["migrate", "sql"], ["version"], ["init"],
                ["rules", "check", "rules.yaml"], ["rules", "explain", "rules.yaml"],
                ["rules", "diff", "rules.yaml"], ["rules", "activate", "rules.yaml"], ["test", "event.json"],
                ["append", "order.placed", "--data", "["], ["rnu"],
            ] {
                let result = try sandbox.sendonce(arguments, environment: environment)
                texts.append(("\(source): \(arguments)", result.output + result.errors))
            }
            try sandbox.write(settings + " api_key_file: key, rate: none }\n", to: "sendonce.yaml")
            let mistaken = try sandbox.sendonce(["run", "--once"], environment: environment)
            texts.append(("\(source): with a mistake in the settings", mistaken.output + mistaken.errors))
            texts.append(("\(source): the database", strings(of: sandbox)))
        }
        return texts
    }

    /// Everything that stands in the database's files, as text.
    private func strings(of sandbox: Sandbox) -> String {
        ["shop.sqlite", "shop.sqlite-wal"].map { sandbox.read($0) }.joined()
    }
}
