// Help is a promise too: what a person reads first.
import ProcessSupport
import Testing

@Suite("Commands: help")
struct HelpTests {
    @Test(
        "The help of every command is as recorded",
        arguments: [
            [], ["dev"], ["run"], ["init"], ["migrate"], ["migrate", "up"], ["migrate", "status"],
            ["migrate", "sql"], ["migrate", "roles"],
            ["doctor"], ["append"], ["rules"], ["rules", "check"], ["rules", "explain"], ["rules", "diff"],
            ["rules", "activate"], ["test"], ["why"], ["messages"], ["events"], ["backfill"], ["export"],
            ["import"],
            ["rebuild"], ["rebuild", "build"], ["rebuild", "confirm"], ["rebuild", "take-back"], ["transfer"],
            ["transfer", "move"], ["transfer", "confirm"], ["transfer", "take-back"], ["fake-provider"],
            ["fake-provider", "brevo"], ["version"], ["hold"], ["release"], ["cancel"], ["resolve"],
            ["fence"],
            ["fence", "status"], ["fence", "lift"],
        ])
    func help(command: [String]) throws {
        let name = (["help"] + command).joined(separator: "-")
        try expectGolden(name, command + ["--help"], in: Sandbox())
    }

    @Test("Without a command the help is shown")
    func bare() throws {
        let sandbox = try Sandbox()
        let help = try sandbox.sendonce("--help")
        let bare = try sandbox.sendonce()
        #expect(bare.status == 0 && bare.output == help.output && bare.errors.isEmpty)
    }

    @Test(
        "A mistyped command is usage, and the one that was probably meant is named",
        arguments: [
            (["rnu"], "did you mean `run`?"), (["mesages"], "did you mean `messages`?"),
            (["rules", "chekc"], "did you mean `rules check`?"),
            (["migrate", "upp"], "did you mean `migrate up`?"),
            (["why", "a", "--outptu", "json"], "Did you mean '--output'?"),
            (["zzzz"], "`sendonce --help` lists them"),
            (["rules", "zzzz"], "`sendonce rules --help` lists them"),
        ])
    func mistyped(arguments: [String], words: String) throws {
        let result = try Sandbox().sendonce(arguments)
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.errors.contains(words))
    }

    @Test(
        "Arguments that cannot be are usage, not failure",
        arguments: [
            ["why"], ["why", "a", "--key", "b"], ["why", "--command", "x"], ["events", "--limit", "0"],
            ["events", "--limit", "1001"], ["events", "--output", "xml"], ["messages", "--state", "sent"],
            ["test", "e.json", "--expect", "sent"],
            ["backfill", "confirmation"], ["backfill", "confirmation", "--from", "1", "--through", "2"],
            ["backfill", "confirmation", "--from", "soon", "--through", "2", "--reason", "x"], ["append"],
            ["rules", "check"], ["run", "--dry-run"],
        ])
    func usage(arguments: [String]) throws {
        let sandbox = try Sandbox()
        try sandbox.openShop()
        let result = try sandbox.sendonce(arguments)
        #expect(result.status == 64 && result.output.isEmpty && !result.errors.isEmpty)
    }
}
