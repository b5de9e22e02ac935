// Bounds of what people write: rule files and templates. Each has its reason beside it.
package import SendonceCore

extension Limits {
    /// Longest rule file, in bytes. It is kept for ever with every activation.
    package static let ruleFileBytes = 1 << 20
    /// Longest template file, in bytes. It is read again for every message, and mail programs cut off less.
    package static let templateFileBytes = 256 << 10
    /// Deepest nesting of a rule file; the grammar itself needs seven levels and example data a few more.
    package static let ruleFileDepth = 64
    /// Longest `when`, in bytes. What is longer belongs into the application.
    package static let conditionBytes = 4_096
    /// Deepest nesting of a `when`: parser and evaluation recurse.
    package static let conditionDepth = 32
    /// Steps of one path.
    package static let pathSteps = 16
    /// Longest duration. Ten years is past every mail that still makes sense, and far from overflow.
    package static let longestSpan = Span.days(3_650)
    /// Longest name of a rule, route, param or template, in bytes.
    package static let nameBytes = 64
    /// Sections within sections of a template.
    package static let templateDepth = 16
    /// Repeated keys that one reading finds before it stops: each costs one more pass of the YAML parser.
    package static let repeatedKeys = 100
}
