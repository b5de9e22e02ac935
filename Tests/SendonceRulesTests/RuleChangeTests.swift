// What an activation would change, and whose keys it would free.
import SendonceCore
import Testing

@testable import SendonceRules

@Suite("Changes of the rule set")
struct RuleChangeTests {
    /// A rule file with rules given as `name: line; line`.
    private func rules(_ rules: (name: String, lines: [String])..., templates: [String: String] = [:]) throws
        -> ParsedRules
    {
        var text = "version: 1\nrules:\(rules.isEmpty ? " {}" : "")\n"
        for rule in rules {
            var lines = [
                "event": "order.placed", "to": "data.email", "once_per": "[data.id]", "route": "a",
                "from": "a@b.test", "template": "{ provider_id: 1 }",
            ]
            for line in rule.lines {
                let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
                lines[parts[0]] = parts[1]
            }
            text +=
                "  \(rule.name):\n"
                + lines.sorted { $0.key < $1.key }.map { "    \($0.key): \($0.value)\n" }.joined()
        }
        return try parse(text, templates: templates)
    }

    @Test("The first rule set is all new, under its own names, and frees nothing")
    func first() throws {
        let change = try RuleChange.compare(active: nil, new: rules(("a", []), ("b", [])))
        #expect(change.added == ["a", "b"] && change.removed.isEmpty && change.freed.isEmpty)
        #expect(change.scopes == ["a": "a", "b": "b"])
    }

    @Test("The same rules are no change, whatever slots their paths have")
    func same() throws {
        let active = try rules(("b", ["when: data.x > 1 && has(data.y.z)", "supersedes: [data.u]"]))
        let new = try rules(
            ("a", ["to: data.other"]), ("b", ["when: data.x>1&&has( data.y.z )", "supersedes: [data.u]"]))
        let change = try RuleChange.compare(active: active, new: new)
        #expect(
            change.unchanged == ["b"] && change.added == ["a"] && change.changed.isEmpty
                && change.freed.isEmpty)
        #expect(try RuleChange.compare(active: active, new: active).isEmpty)
    }

    @Test(
        "A changed rule says what changed",
        arguments: [
            ("event: x", .event), ("when: data.a", .when), ("to: data.b", .to),
            ("once_per: [data.id, data.b]", .oncePer),
            ("within: 1d", .window), ("every: 1d", .window), ("delay: 1s", .delay),
            ("expires_after: 1s", .expiresAfter),
            ("supersedes: [data.b]", .supersedes), ("cancel_on: { event: x, key: [data.id] }", .cancelOn),
            ("template: { provider_id: 2 }", .template),
            ("template: { provider_id: 1, params: { a: data.a } }", .template),
            ("from: c@b.test", .sender), ("reply_to: c@b.test", .sender), ("cc: [c@b.test]", .copies),
            ("bcc: [c@b.test]", .copies), ("route: b", .route), ("on_unknown: hold", .onUnknown),
        ] as [(String, RuleChange.Aspect)])
    func aspects(line: String, aspect: RuleChange.Aspect) throws {
        let change = try RuleChange.compare(active: rules(("a", [])), new: rules(("a", [line])))
        #expect(change.changed == [.init(name: "a", aspects: [aspect])])
        #expect(change.scopes == ["a": "a"])
        #expect(change.freedScopes == (aspect == .oncePer ? ["a"] : []))
    }

    @Test("A template file with another content is a change of the rules that use it")
    func templates() throws {
        let files = ["t.subject.mustache": "s", "t.txt.mustache": "x"]
        let rule = ("a", ["template: { file: t }"])
        let active = try rules(rule, templates: files)
        #expect(try RuleChange.compare(active: active, new: rules(rule, templates: files)).unchanged == ["a"])
        let other = files.merging(["t.html.mustache": "h"]) { $1 }
        #expect(
            try RuleChange.compare(active: active, new: rules(rule, templates: other)).changed
                == [.init(name: "a", aspects: [.template])])
    }

    @Test("A renamed rule keeps its scope through a chain of names")
    func chain() throws {
        let a = try rules(("a", []))
        let b = try rules(("b", ["was: a"]))
        let c = try rules(("c", ["was: b", "within: 1d"]))
        let first = try RuleChange.compare(active: a, new: b)
        #expect(first.renamed == [.init(from: "a", to: "b")] && first.scopes == ["b": "a"])
        #expect(first.removed.isEmpty && first.added.isEmpty && first.freed.isEmpty && first.changed.isEmpty)
        let second = try RuleChange.compare(active: b, activeScopes: first.scopes, new: c)
        #expect(second.scopes == ["c": "a"] && second.changed == [.init(name: "c", aspects: [.window])])
        #expect(second.freed.isEmpty)
        #expect(c.ruleSet.withScopes(second.scopes).rules.map(\.scope) == ["a"])
    }

    @Test("The line `was` may stay in the file once the renaming is in force")
    func stays() throws {
        let b = try rules(("b", ["was: a"]))
        let change = try RuleChange.compare(active: b, activeScopes: ["b": "a"], new: b)
        #expect(change.isEmpty && change.scopes == ["b": "a"])
    }

    @Test("A predecessor that never was is refused with a suggestion")
    func unknown() throws {
        let error = try #require(throws: RuleChangeError.self) {
            try RuleChange.compare(active: rules(("order", [])), new: rules(("b", ["was: ordr"])))
        }
        #expect(error == .unknownPredecessor(rule: "b", was: "ordr", suggestion: "order"))
        #expect(error.description.hasSuffix("did you mean \"order\"?"))
    }

    @Test("A scope that the ledger remembers can be taken up again")
    func historic() throws {
        let change = try RuleChange.compare(
            active: rules(("x", [])), new: rules(("b", ["was: old"]), ("x", [])), historicScopes: ["old"])
        #expect(change.scopes == ["b": "old", "x": "x"] && change.added == ["b"] && change.freed.isEmpty)
    }

    @Test("Two rules cannot share the keys of one scope")
    func shared() throws {
        let active = try rules(("b", []))
        let error = try #require(throws: RuleChangeError.self) {
            try RuleChange.compare(active: active, activeScopes: ["b": "a"], new: rules(("a", []), ("b", [])))
        }
        #expect(error == .scopeShared(scope: "a", rules: ["a", "b"]))
    }

    @Test("Taking a rule away frees nothing")
    func removal() throws {
        let change = try RuleChange.compare(active: rules(("a", []), ("b", [])), new: rules(("b", [])))
        #expect(change.removed == ["a"] && change.unchanged == ["b"] && change.freed.isEmpty)
        #expect(try RuleChange.compare(active: rules(("a", [])), new: rules()).freed.isEmpty)
    }

    @Test("A rule that vanishes while a new one acts on its event frees its keys")
    func replaced() throws {
        let active = try rules(("a", []), ("z", ["event: other"]))
        let change = try RuleChange.compare(
            active: active, activeScopes: ["a": "first"],
            new: rules(("b", []), ("c", []), ("d", ["event: third"])))
        #expect(change.removed == ["a", "z"])
        #expect(change.freed == [.init(scope: "first", rule: "a", cause: .replaced(by: ["b", "c"]))])
        let heir = try RuleChange.compare(active: active, new: rules(("b", ["was: a"]), ("c", [])))
        #expect(heir.freed.isEmpty && heir.removed == ["z"])
    }

    @Test("A rule that takes over another's keys lets its own go")
    func takeOver() throws {
        let change = try RuleChange.compare(
            active: rules(("a", []), ("b", [])), new: rules(("b", ["was: a"])))
        #expect(change.scopes == ["b": "a"])
        #expect(change.freed == [.init(scope: "b", rule: "b", cause: .replaced(by: ["b"]))])
    }

    @Test("A renamed rule with another key frees the keys of its scope")
    func renamedKey() throws {
        let change = try RuleChange.compare(
            active: rules(("a", [])), activeScopes: ["a": "s"],
            new: rules(("b", ["was: a", "once_per: [data.id, recipient]"])))
        #expect(
            change.freed
                == [
                    .init(
                        scope: "s", rule: "a",
                        cause: .keyChanged(from: ["data.id"], to: ["data.id", "recipient"]))
                ])
        #expect(change.scopes == ["b": "s"] && change.confused.isEmpty)
    }

    @Test("A key of as many parts is told from the old one by another name, or said to be the same by `was`")
    func confused() throws {
        let active = try rules(("a", []))
        let change = try RuleChange.compare(active: active, new: rules(("a", ["once_per: [data.other]"])))
        #expect(change.confused == [.init(rule: "a", from: ["data.id"], to: ["data.other"])])
        #expect(change.confused.first?.description.contains("say `was: a` there too") == true)
        let same = try RuleChange.compare(
            active: active, new: rules(("b", ["was: a", "once_per: [data.other]"])))
        #expect(same.scopes == ["b": "a"] && same.freed.isEmpty && same.confused.isEmpty)
        let other = try RuleChange.compare(active: active, new: rules(("b", ["once_per: [data.other]"])))
        #expect(other.scopes == ["b": "b"] && other.freedScopes == ["a"] && other.confused.isEmpty)
    }

    @Test("A rule that was removed finds the keys that it had last, under its own name or an heir's")
    func returned() throws {
        let (active, last) = (try rules(("x", [])), ["a": "a", "c": "a", "x": "x"] as [Text: Text])
        for lines in [[], ["was: a"]] {
            let change = try RuleChange.compare(
                active: active, new: rules(("c", lines), ("x", [])), historicScopes: ["a", "x"],
                lastScopes: last)
            #expect(change.scopes == ["c": "a", "x": "x"] && change.added == ["c"], "\(lines)")
        }
        let heir = try RuleChange.compare(
            active: active, new: rules(("d", ["was: c"]), ("x", [])), historicScopes: ["a", "x"],
            lastScopes: last)
        #expect(heir.scopes == ["d": "a", "x": "x"])
    }
}
