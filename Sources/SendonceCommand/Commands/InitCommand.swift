// `sendonce init`: the files to begin with.
import ArgumentParser
import Foundation

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write settings, a first rule and its templates into this directory.")

    @Option(name: .long, help: "Directory to write into.")
    var directory: String = "."

    func run() async throws {
        let base = URL(fileURLWithPath: directory, isDirectory: true)
        let existing = StarterFiles.all.map(\.name).filter {
            FileManager.default.fileExists(atPath: base.appendingPathComponent($0).path)
        }
        guard existing.isEmpty else {
            throw CommandError(
                "\(existing.joined(separator: ", ")): there already; nothing was written", status: .refused)
        }
        try FileManager.default.createDirectory(at: base, withIntermediateDirectories: true)
        for file in StarterFiles.all {
            try Data(file.content.utf8).write(
                to: base.appendingPathComponent(file.name), options: .withoutOverwriting)
            Printer.line("wrote \(file.name)")
        }
        Printer.message("next: sendonce dev")
    }
}

/// What `init` writes: the smallest set of files that sends one e-mail into a maildir.
enum StarterFiles {
    static let all: [(name: String, content: String)] = [
        (
            "sendonce.yaml",
            """
            # Settings of sendonce. Environment variables (SENDONCE_DATABASE, SENDONCE_ROUTE_LOCAL_PATH …) win
            # over this file.
            database: sendonce.sqlite
            routes: [local]
            route:
              local:
                provider: maildir
                path: mail
              # brevo:
              #   provider: brevo
              #   api_key_file: /run/secrets/brevo   # never the key itself
              #   rate: 10                           # messages a second
              #   concurrency: 8

            """
        ),
        (
            "rules.yaml",
            """
            version: 1
            defaults: { route: local, from: "Shop <no-reply@shop.example>" }
            rules:
              order-confirmation:
                event: order.placed
                to: data.email
                once_per: [data.order_id]
                template: { file: order-confirmation }
                examples:
                  - event: { type: order.placed, data: { order_id: 42, email: ann@shop.example, name: Ann } }
                    expect: { decision: emitted, key: ["42"], to: ann@shop.example }

            """
        ),
        ("order-confirmation.subject.mustache", "Your order {{data.order_id}}\n"),
        (
            "order-confirmation.txt.mustache",
            "Dear {{data.name}},\n\nthank you for your order {{data.order_id}}.\n"
        ),
        (
            "order-confirmation.html.mustache",
            "<p>Dear {{data.name}},</p>\n<p>thank you for your order <b>{{data.order_id}}</b>.</p>\n"
        ),
    ]
}
