// From a due command to the request that its provider understands.
import SendonceCore
import SendonceJSON
import SendonceRules
package import SendonceStore
import SendonceTemplates

/// Builds requests with the rule set that decided the event, whichever is in force now. Belongs to one thread.
package final class RequestBuilder {
    private let store: any RuleSetReader
    private var shelf: [Digest: RenderableRules] = [:]

    package init(store: any RuleSetReader) {
        self.store = store
    }

    /// Why no request can be built; the command is held with these words.
    package struct Failure: Error {
        package var description: String
    }

    /// The same command always gives the same bytes: the rule set is named by its digest, the event does not change.
    package func request(for due: DueCommand, over route: ActiveRoute) throws(Failure) -> ProviderRequest {
        let rules = try rules(due.command.ruleSet)
        guard let rule = rules.rules.rule(named: due.command.rule) else {
            throw Failure(description: "rule set \(due.command.ruleSet) has no rule \(due.command.rule)")
        }
        do {
            let document = try PayloadReader.decidedPayload(due.event.payload)
            let message = try MessageBuilder.message(
                for: due.command, rule: rule, event: due.event, document: document, templates: rules.templates)
            return try route.provider.request(for: message, at: route.route)
        } catch let defect as PayloadDefect {
            throw Failure(description: "the payload cannot be read: \(defect.description)")
        } catch let error as MessageError {
            throw Failure(description: error.description)
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private func rules(_ digest: Digest) throws(Failure) -> RenderableRules {
        if let known = shelf[digest] { return known }
        do {
            guard let files = try store.ruleSetFiles(digest) else {
                throw Failure(description: "rule set \(digest) is not stored")
            }
            let parsed = try StoredRules.parse(files, digest: digest)
            let templates = try TemplateSet(files: parsed.source.templateTexts)
            let loaded = RenderableRules(rules: parsed.ruleSet, templates: templates)
            shelf[digest] = loaded
            return loaded
        } catch let failure as Failure {
            throw failure
        } catch let error as StoreError {
            throw Failure(description: error.description)
        } catch {
            throw Failure(description: "\(error)")
        }
    }
}

/// A rule set with its templates compiled.
private struct RenderableRules {
    var rules: RuleSet
    var templates: TemplateSet
}
