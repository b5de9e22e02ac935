// A directory of its own for each test, with everything a shop needs: settings, rules, templates, database.
package import Foundation

/// Removed with all that is in it when the test lets go of it.
package final class Sandbox {
    package let directory: URL

    package init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            "sendonce-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    package func path(_ name: String) -> String {
        directory.appendingPathComponent(name).path
    }

    package func write(_ content: String, to name: String) throws {
        try Data(content.utf8).write(to: directory.appendingPathComponent(name))
    }

    package func read(_ name: String) -> String {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Settings with one Brevo route to a fake on this machine. Short times, so that a lease runs out within
    /// a test.
    package func writeSettings(
        port: Int, leaseSeconds: Int = 2, totalTimeout: Int = 1_200, concurrency: Int = 16
    ) throws {
        try write("fake-key\n", to: "key")
        try write(
            """
            database: \(path("shop.sqlite"))
            lease_seconds: \(leaseSeconds)
            shutdown_seconds: 5
            routes: [brevo]
            route:
              brevo:
                provider: brevo
                url: "http://127.0.0.1:\(port)"
                api_key_file: \(path("key"))
                connect_timeout_ms: 500
                total_timeout_ms: \(totalTimeout)
                concurrency: \(concurrency)
                retry_first_ms: 100
                retry_longest_ms: 1000
                attempts: 200
            """, to: "sendonce.yaml")
    }

    /// The order confirmation, once per order.
    package func writeRules(_ name: String = "rules.yaml", extra: String = "") throws {
        try write(
            """
            version: 1
            defaults: { route: brevo, from: "Shop <no-reply@shop.example>" }
            rules:
              order-confirmation:
                event: order.placed
                to: data.email
                once_per: [data.order_id]
                template: { provider_id: "3", params: { order: data.order_id } }
            \(extra)
            """, to: name)
    }
}

/// Places in the repository and among the build's products.
package enum Place {
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    package static func fixture(_ path: String) -> String {
        root.appendingPathComponent("fixtures").appendingPathComponent(path).path
    }

    package static let sendonce = program("sendonce")

    /// A program of this build, beside the test bundle.
    package static func program(_ name: String) -> String {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        let products = bundle?.deletingLastPathComponent() ?? executableDirectory
        return products.appendingPathComponent(name).path
    }

    private static let executableDirectory = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent()
}
