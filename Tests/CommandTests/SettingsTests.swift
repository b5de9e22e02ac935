// Settings: which source wins, and errors that name the file, the key and the cure.
import Foundation
import ProcessSupport
import Testing

@Suite("Commands: settings")
struct SettingsTests {
    @Test("A flag wins over the environment, that over secret files, those over the settings file")
    func precedence() throws {
        let sandbox = try Sandbox()
        try sandbox.write("database: file.sqlite\n", to: "sendonce.yaml")
        try FileManager.default.createDirectory(
            atPath: sandbox.path("secrets"), withIntermediateDirectories: true)
        try sandbox.write("secret.sqlite", to: "secrets/database")
        func database(_ arguments: [String], _ environment: [String: String]) throws -> String {
            let result = try sandbox.sendonce(["migrate", "up"] + arguments, environment: environment)
            return String(result.output.prefix { $0 != ":" })
        }
        let secrets = ["SENDONCE_SECRETS_DIRECTORY": sandbox.path("secrets")]
        let both = secrets.merging(["SENDONCE_DATABASE": "environment.sqlite"]) { $1 }
        #expect(try database([], [:]) == "file.sqlite")
        #expect(try database([], secrets) == "secret.sqlite")
        #expect(try database([], ["CREDENTIALS_DIRECTORY": sandbox.path("secrets")]) == "secret.sqlite")
        #expect(try database([], both) == "environment.sqlite")
        #expect(try database(["--database", "flag.sqlite"], both) == "flag.sqlite")
    }

    @Test("Another settings file can be named, and one that is named must be there")
    func otherFile() throws {
        let sandbox = try Sandbox()
        try sandbox.write("database: other.sqlite\n", to: "other.yaml")
        #expect(
            try sandbox.sendonce("migrate", "up", "--config", "other.yaml").output.hasPrefix("other.sqlite"))
        let absent = try sandbox.sendonce("doctor", "--config", "absent.yaml")
        #expect(absent.status == 2 && absent.errors.contains("absent.yaml"))
        #expect(try sandbox.sendonce("migrate", "up").output.hasPrefix("sendonce.sqlite"))
    }

    struct Mistake {
        var settings: String
        var words: [String]
        var key: String? = "secret-key-1"
    }

    static func brevo(_ lines: String...) -> String {
        "routes: [b]\nroute:\n  b:\n    provider: brevo\n" + lines.map { "    \($0)\n" }.joined()
    }

    @Test(
        "A mistake in the settings names the file, the key and what to write",
        arguments: [
            Mistake(settings: "routes: [b]\n", words: ["route.b.provider is missing", "brevo or maildir"]),
            Mistake(
                settings: "routes: [b]\nroute: { b: { provider: bravo } }\n",
                words: ["route.b.provider is bravo", "brevo or maildir"]),
            Mistake(
                settings: "routes: [b]\nroute: { b: { provider: maildir } }\n",
                words: ["route.b.path is missing", "directory"]),
            Mistake(
                settings: brevo("api_key_file: key", "url: \"http://mail.example\""),
                words: ["route.b.url must begin with https://"]),
            Mistake(
                settings: brevo("api_key_file: key", "url: \"http://127.0.0.1.evil.example\""),
                words: ["route.b.url must begin with https://"]),
            Mistake(
                settings: brevo("api_key_file: key", "url: nonsense"), words: ["route.b.url is not a URL"]),
            Mistake(settings: brevo(), words: ["route.b.api_key_file is missing", "name a file"]),
            Mistake(
                settings: brevo("api_key_file: absent"),
                words: ["route.b.api_key_file: absent cannot be read"]),
            Mistake(
                settings: brevo("api_key_file: key"), words: ["route.b.api_key_file: key is empty"], key: ""),
            Mistake(
                settings: brevo("api_key_file: key"), words: ["api_key_file", "no key"], key: "two\nlines"),
            Mistake(
                settings: brevo("api_key_file: key", "rate: many"),
                words: ["route.b.rate is many", "number"]),
            Mistake(settings: brevo("api_key_file: key", "rate: 0"), words: ["route.b.rate", "above 0"]),
            Mistake(
                settings: brevo("api_key_file: key", "rate: 5", "burst: 6"),
                words: ["route.b.burst", "not be above .rate"]),
            Mistake(
                settings: brevo("api_key_file: key", "concurrency: 5000"),
                words: ["route.b.concurrency is 5000", "from 1 to 1024"]),
            Mistake(
                settings: brevo("api_key_file: key", "total_timeout_ms: 90000"),
                words: ["route.b.connect_timeout_ms", ".total_timeout_ms", "raise lease_seconds"]),
            Mistake(
                settings: brevo(
                    "api_key_file: key", "connect_timeout_ms: 1000", "total_timeout_ms: 80000"),
                words: ["route.b.connect_timeout_ms", "81000 ms", "shorten them", "raise lease_seconds"]),
            Mistake(
                settings: brevo(
                    "api_key_file: key", "connect_timeout_ms: \(Int.max)", "total_timeout_ms: \(Int.max)"),
                words: ["route.b.connect_timeout_ms is \(Int.max)", "from 1 to 86400000"]),
            Mistake(
                settings: brevo("api_key_file: key", "total_timeout_ms: 86400001"),
                words: ["route.b.total_timeout_ms is 86400001", "from 1 to 86400000"]),
            Mistake(
                settings: brevo("api_key_file: key", "connect_timeout_ms: 0"),
                words: ["route.b.connect_timeout_ms is 0", "from 1 to 86400000"]),
            Mistake(
                settings: brevo("api_key_file: key", "concurency: 5"),
                words: ["concurency", "did you mean", "concurrency"]),
            Mistake(settings: "routes: b\n", words: ["routes is b", "write a list"]),
            Mistake(settings: "lease_seconds: soon\n", words: ["lease_seconds is soon", "whole number"]),
            Mistake(
                settings: "lease_seconds: 0\n",
                words: ["lease_seconds is 0: write a number from 1 to 86400"]),
            Mistake(settings: "routes: [b\n", words: ["not YAML"]),
        ])
    func mistakes(mistake: Mistake) throws {
        let sandbox = try Sandbox()
        try sandbox.write(mistake.settings, to: "sendonce.yaml")
        if let key = mistake.key { try sandbox.write(key, to: "key") }
        let result = try sandbox.sendonce("doctor")
        #expect(result.status == 2 && result.output.isEmpty)
        for words in ["sendonce.yaml:"] + mistake.words {
            #expect(result.errors.contains(words), "\(words) in \(result.errors)")
        }
        #expect(!result.errors.contains("secret-key-1"))
    }

    @Test("The longest timeouts that fit into a lease are taken")
    func longestTimeouts() throws {
        let sandbox = try Sandbox()
        let timeouts = Self.brevo(
            "api_key_file: key", "connect_timeout_ms: 1000", "total_timeout_ms: 79999")
        try sandbox.write("database: shop.sqlite\n" + timeouts, to: "sendonce.yaml")
        try sandbox.write("secret-key-1", to: "key")
        #expect(try sandbox.sendonce("migrate", "up").status == 0)
    }

    @Test(
        "What libpq reads as an address is one, in whatever order, and its password is never printed",
        arguments: [
            "postgresql://ann:geheim@127.0.0.1:1/shop", "postgres://ann:geheim@127.0.0.1:1/shop",
            "host=127.0.0.1 port=1 password=geheim", "password=geheim user=ann host=127.0.0.1 port=1",
            "  user = ann password = geheim host = 127.0.0.1 port = 1",
        ])
    func addresses(address: String) throws {
        let sandbox = try Sandbox()
        for arguments in [["migrate", "up"], ["doctor"], ["messages"]] {
            let result = try sandbox.sendonce(arguments, environment: ["SENDONCE_DATABASE": address])
            #expect(result.status != 0)
            #expect((result.output + result.errors).contains("PostgreSQL") || arguments == ["doctor"])
            #expect(!(result.output + result.errors).contains("geheim"))
        }
        // No file of that name was made.
        #expect(
            try !FileManager.default.contentsOfDirectory(atPath: sandbox.directory.path).contains {
                $0.contains("geheim")
            })
        let shown = try sandbox.sendonce(["doctor", "--database", address])
        #expect(shown.status == 64 && shown.errors.contains("password on the command line"))
        #expect(!shown.errors.contains("geheim"))
    }

    @Test("A file whose name looks like an address is meant by a path")
    func fileName() throws {
        let sandbox = try Sandbox()
        let result = try sandbox.sendonce(["migrate", "up", "--database", "./shop=1.sqlite"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(FileManager.default.fileExists(atPath: sandbox.path("shop=1.sqlite")))
    }

    @Test("A route that rules name and settings do not is what doctor finds, with the cure")
    func unknownRoute() throws {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        try sandbox.write("database: shop.sqlite\nroutes: []\n", to: "sendonce.yaml")
        let result = try sandbox.sendonce("doctor")
        #expect(result.status == 1)
        #expect(result.output.contains("rules name the route local, which is not set: its commands wait"))
        #expect(result.output.contains("add local to `routes:`"))
    }

    @Test(
        "Running without routes is refused with the cure, with or without --once",
        arguments: [[], ["--once"]])
    func noRoutes(flags: [String]) throws {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        try sandbox.write("database: shop.sqlite\n", to: "sendonce.yaml")
        let result = try sandbox.sendonce(["run"] + flags)
        #expect(
            result.status == 2 && result.output.isEmpty && result.errors.contains("name one in `routes:`"))
    }
}
