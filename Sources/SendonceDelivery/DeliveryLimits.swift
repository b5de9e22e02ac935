// Bounds of delivery, each with its reason.
package import SendonceCore

package enum DeliveryLimits {
    /// Longest request or message, in bytes: two bodies of `TemplateLimits.bodyBytes`, escaped or encoded.
    package static let requestBytes = 8 << 20
    /// Longest wait that a provider's answer can impose: a header of a thousand years must not bury a
    /// command.
    package static let longestRetryAfter = Span.days(1)
    /// Longest provider message id that is kept, in bytes.
    package static let messageIDBytes = 500
    /// Longest secret, in bytes; longer ones are files given by mistake.
    package static let secretBytes = 4_096
}
