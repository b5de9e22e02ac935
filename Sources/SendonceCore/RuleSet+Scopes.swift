// A rule set as its activation put it in force: rules under the scopes that hold their keys.

extension RuleSet {
    /// The same rules with their scopes, by rule name. A rule that is not named keeps the scope that it has.
    /// The digest stays, because it names the content of the file and not what an activation made of it.
    package func withScopes(_ scopes: [Text: Text]) -> RuleSet {
        let scoped = rules.map { rule in
            var rule = rule
            rule.scope = scopes[rule.name] ?? rule.scope
            return rule
        }
        return RuleSet(digest: digest, rules: scoped, payloadPaths: payloadPaths)
    }
}
