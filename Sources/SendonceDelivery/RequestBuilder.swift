// From a due command to the request that its provider understands.
import SendonceCore
import SendonceJSON
import SendonceRules
package import SendonceStore
import SendonceTemplates

/// Builds requests with the rule set that decided the event, whichever is in force now. Belongs to one
/// thread.
package final class RequestBuilder {
    private let store: any RuleSetReader
    private var shelf: [Digest: RenderableRules] = [:]
    /// Rule sets kept ready; more than are ever in use at one time.
    private static let shelfSize = 16

    package init(store: any RuleSetReader) {
        self.store = store
    }

    /// Why no request is there.
    package enum Failure: Error {
        /// It cannot be built, now or later: the command is held with these words.
        case hopeless(String)
        /// The rule set could not be read now: that says nothing about the command.
        case store(StoreError)
    }

    /// The same command always gives the same bytes: the rule set is named by its digest, the event does not
    /// change.
    package func request(for due: DueCommand, over route: ActiveRoute) throws(Failure) -> ProviderRequest {
        let rules = try rules(due.command.ruleSet)
        guard let rule = rules.rules.rule(named: due.command.rule) else {
            throw .hopeless("rule set \(due.command.ruleSet) has no rule \(due.command.rule)")
        }
        do {
            let document = try PayloadReader.decidedPayload(due.event.payload)
            let message = try MessageBuilder.message(
                for: due.command, rule: rule, event: due.event, document: document, templates: rules.templates
            )
            return try route.provider.request(for: message, at: route.route)
        } catch let defect as PayloadDefect {
            throw .hopeless("the payload cannot be read: \(defect.description)")
        } catch let error as MessageError {
            throw .hopeless(error.description)
        } catch {
            throw .hopeless("\(error)")
        }
    }

    private func rules(_ digest: Digest) throws(Failure) -> RenderableRules {
        if let known = shelf[digest] { return known }
        let files: [RuleSetFile]?
        do {
            files = try store.ruleSetFiles(digest)
        } catch {
            throw .store(error)
        }
        guard let files else { throw .hopeless("rule set \(digest) is not stored") }
        do throws(StoredRules.Defect) {
            let parsed = try StoredRules.parse(files, digest: digest)
            // A file that cannot be compiled concerns the commands of the rules that use it, not the others.
            let loaded = RenderableRules(
                rules: parsed.ruleSet, templates: TemplateSet(files: parsed.source.templateTexts))
            // Old rule sets are needed only until their last commands are finished.
            if shelf.count >= RequestBuilder.shelfSize { shelf.removeAll(keepingCapacity: true) }
            shelf[digest] = loaded
            return loaded
        } catch {
            throw .hopeless(error.description)
        }
    }
}

/// A rule set with its templates compiled.
private struct RenderableRules {
    var rules: RuleSet
    var templates: TemplateSet
}
