// From a due command to its request, under a stored rule set of which one template cannot be used.
import SendonceCore
import SendonceDelivery
import SendonceRules
import SendonceStore
import Testing

@Suite struct RequestBuilderTests {
    /// Two rules: `good` writes with a template in order, `bad` with one that the engine cannot read.
    private func rules(badBody: String) throws -> ParsedRules {
        let templates = [
            "good.subject.mustache": "Order {{data.order}}\n", "good.txt.mustache": "Thank you\n",
            "bad.subject.mustache": "Order {{data.order}}\n", "bad.txt.mustache": badBody,
        ]
        let text = """
            version: 1
            defaults: { route: files, from: shop@shop.example }
            rules:
              good: { event: order.placed, to: data.email, once_per: [data.order], template: { file: good } }
              bad: { event: order.placed, to: data.email, once_per: [data.order], template: { file: bad } }
            """
        return try RuleFile.parse(Array(text.utf8), fileName: "rules.yaml") { name in
            templates[name].map { Array($0.utf8) }
        }
    }

    private func due(_ rule: Text, of parsed: ParsedRules) throws -> DueCommand {
        let command = Command(
            id: Example.command(), position: 1, rule: rule, item: 0, key: Key(scope: rule, parts: ["42"]),
            slot: "forever", generation: 1, ruleSet: parsed.ruleSet.digest,
            recipient: try Example.address("ann@x.test"), route: "files", occurredAt: Example.epoch,
            notBefore: Example.epoch, expiresAt: nil, onUnknown: nil, supersedeDigest: nil)
        let payload = #"{"order":42,"email":"ann@x.test","größe":"XL"}"#
        return DueCommand(
            number: 1, command: command,
            event: Event(
                type: "order.placed", payload: Array(payload.utf8), occurredAt: Example.epoch),
            gates: GateFacts(
                expiresAt: nil, cancelledBy: nil, supersededBy: nil, firstUnsureAt: nil, onUnknown: nil),
            attempts: 0, counted: 0, requestDigest: nil, token: 0)
    }

    @Test(
        "A template that cannot be used holds its own rule's commands, and no other rule's of the set",
        arguments: ["Size {{data.größe}}\n", "Size {", "{{data.order}}\u{301}\n"])
    func oneTemplate(body: String) throws {
        let parsed = try rules(badBody: body)
        let builder = RequestBuilder(store: OneRuleSet(files: parsed.source.files))
        let route = ActiveRoute(Example.maildir(), transport: NoTransport(), at: Example.epoch)
        let bad = try due("bad", of: parsed)
        for _ in 1...2 {
            let request = try builder.request(for: try due("good", of: parsed), over: route)
            #expect(String(decoding: request.body, as: UTF8.self).contains("Subject: Order 42"))
            do throws(RequestBuilder.Failure) {
                _ = try builder.request(for: bad, over: route)
                Issue.record("a request was built")
            } catch {
                guard case .hopeless(let words) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(words.hasPrefix("bad.txt.mustache:1:"))
            }
        }
    }
}

/// A store that holds one rule set.
private struct OneRuleSet: RuleSetReader {
    let files: [RuleSetFile]

    func ruleSetFiles(_ digest: Digest) throws(StoreError) -> [RuleSetFile]? { files }
    func activation() throws(StoreError) -> Activation? { nil }
    func scopes() throws(StoreError) -> [Text: Int64] { [:] }
    func lastScopes() -> [Text: Text] { [:] }
}
