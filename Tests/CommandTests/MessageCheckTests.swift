// Rules that can be read and whose messages could never be made do not come into force.
import Foundation
import GRDB
import ProcessSupport
import Testing

@Suite("Commands: rules whose messages cannot be made")
struct MessageCheckTests {
    struct Odd {
        var template: String
        /// Line and column.
        var place: String
        var cure: String
    }

    @Test(
        "A template that the engine cannot read is refused with place and cure, and nothing is activated",
        arguments: [
            Odd(template: "Hi\nSize {{data.größe}}\n", place: "2:15", cure: "in the template's `params`"),
            Odd(template: "Hi {{data.name}}\n{", place: "2:1", cure: "write a line break behind it"),
            Odd(template: "Hi {{data.name}}\u{301}\n", place: "1:16", cure: "put a blank between them"),
        ])
    func templates(odd: Odd) throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        try sandbox.write(odd.template, to: "order.txt.mustache")
        try sandbox.sendonce("migrate", "up")
        for arguments in [
            ["rules", "check", "rules.yaml"], ["rules", "diff", "rules.yaml"],
            ["rules", "activate", "rules.yaml"], ["run", "--once", "--activate", "rules.yaml"],
        ] {
            let result = try sandbox.sendonce(arguments)
            #expect(result.status == 2 && result.output.isEmpty, "\(arguments): \(result.output)")
            #expect(result.errors.contains("order.txt.mustache:\(odd.place): "), "\(result.errors)")
            #expect(result.errors.contains(odd.cure), "\(result.errors)")
        }
        #expect(try sandbox.activations() == 0)
    }

    @Test("The cure works: a param gives the value a name that the engine takes")
    func cure() throws {
        let sandbox = try Sandbox()
        try sandbox.writeShop()
        try sandbox.write("Order {{order}}\n", to: "order.subject.mustache")
        try sandbox.write("Size {{groesse}}\n", to: "order.txt.mustache")
        try sandbox.write(
            sandbox.read("rules.yaml").replacing(
                "{ file: order }",
                with: "{ file: order, params: { order: data.order_id, groesse: data.größe } }"
            ).replacing("name: Ann", with: "größe: XL"), to: "rules.yaml")
        try sandbox.sendonce("migrate", "up")
        let check = try sandbox.sendonce("rules", "check", "rules.yaml")
        #expect(check.status == 0, "\(check.errors)")
        #expect(try sandbox.sendonce("rules", "activate", "rules.yaml").status == 0)
        try sandbox.sendonce(
            "append", "order.placed", "--data", #"{"order_id":1,"email":"ann@shop.example","größe":"XL"}"#)
        #expect(try sandbox.sendonce("run", "--once").output.contains("1 accepted"))
    }

    @Test(
        "An id that the route's provider cannot have is refused with rule, id and cure; nothing is activated")
    func ids() throws {
        let sandbox = try Sandbox()
        try sandbox.writeProviderShop(id: "welcome")
        try sandbox.sendonce("migrate", "up")
        for arguments in [
            ["rules", "diff", "rules.yaml"], ["rules", "activate", "rules.yaml"],
            ["run", "--once", "--activate", "rules.yaml"],
        ] {
            let result = try sandbox.sendonce(arguments)
            #expect(result.status == 2 && result.output.isEmpty, "\(arguments): \(result.output)")
            for words in [
                "rules.yaml: rule order-confirmation, route brevo: provider_id \"welcome\"",
                "write a positive whole number",
            ] {
                #expect(result.errors.contains(words), "\(words) in \(result.errors)")
            }
        }
        #expect(try sandbox.activations() == 0)
        try sandbox.writeProviderShop(id: "12")
        #expect(try sandbox.sendonce("rules", "activate", "rules.yaml").status == 0)
        let doctor = try sandbox.sendonce("doctor")
        #expect(!doctor.output.contains("provider_id"), "\(doctor.output)")
    }

    @Test("Rules that are in force with such an id are what doctor finds and run warns of, and run goes on")
    func inForce() throws {
        let sandbox = try Sandbox()
        try sandbox.writeProviderShop(id: "welcome")
        // Activated where the route leads to files, as before an account was there.
        let settings = sandbox.read("sendonce.yaml")
        try sandbox.write(
            "database: shop.sqlite\nroutes: [brevo]\nroute: { brevo: { provider: maildir, path: mail } }\n",
            to: "sendonce.yaml")
        try sandbox.sendonce("migrate", "up")
        #expect(try sandbox.sendonce("rules", "activate", "rules.yaml").status == 0)
        try sandbox.write(settings, to: "sendonce.yaml")
        let words = "rule order-confirmation, route brevo: provider_id \"welcome\""
        let doctor = try sandbox.sendonce("doctor")
        #expect(doctor.status == 1)
        #expect(
            doctor.output.contains("WRONG  rules in force make commands that are held: \(words)"),
            "\(doctor.output)")
        let run = try sandbox.sendonce("run", "--once", "--activate", "rules.yaml")
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test("A route that is not set here is not judged")
    func otherRoute() throws {
        let sandbox = try Sandbox()
        try sandbox.writeProviderShop(id: "welcome")
        try sandbox.write("database: shop.sqlite\nroutes: []\n", to: "sendonce.yaml")
        try sandbox.sendonce("migrate", "up")
        #expect(try sandbox.sendonce("rules", "activate", "rules.yaml").status == 0)
    }
}

extension Sandbox {
    /// A rule that sends a provider's template over a Brevo route, with the settings for it.
    fileprivate func writeProviderShop(id: String) throws {
        try writeSettings(port: 1)
        try writeRules()
        try write(
            read("rules.yaml").replacing("provider_id: \"3\"", with: "provider_id: \"\(id)\""),
            to: "rules.yaml")
    }

    /// How many rule sets ever came into force.
    fileprivate func activations() throws -> Int? {
        try DatabaseQueue(path: path("shop.sqlite")).read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM outbox_activation")
        }
    }
}
