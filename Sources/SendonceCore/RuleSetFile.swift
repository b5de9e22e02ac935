// A rule set as it is stored: files under a digest.

/// One file of a stored rule set.
package struct RuleSetFile: Hashable, Sendable {
    /// `rules` for the rule file, else the template file's name.
    package var name: Text
    package var content: [UInt8]

    package init(name: Text, content: [UInt8]) {
        self.name = name
        self.content = content
    }
}
