// What one attempt came to, as far as anyone can know.

/// The five outcomes, closed. The same words stand in SQL, on the command line and in JSON.
package enum Outcome: String, Hashable, Sendable, CaseIterable {
    /// The provider says that it has the message.
    case accepted
    /// The provider refused the key because it accepted an earlier request with it.
    case duplicate
    /// A definite no that will not change by asking again.
    case rejected
    /// A definite no for now: nothing was accepted, and a later attempt may succeed.
    case rejectedForNow = "rejected_for_now"
    /// The provider may or may not have accepted it.
    case unknown
}

/// A provider's reading of one answer. Pure: the same answer always gives the same verdict.
package struct Verdict: Hashable, Sendable {
    package var outcome: Outcome
    /// Whether the attempt counts towards the limit. Throttling, a paused account and an attempt that never
    /// left do not.
    package var counts: Bool
    /// The provider's name for the message, where it gave one.
    package var messageID: Text?
    /// Machine word of the answer: the provider's error code, or `curl_7`, `http_503`, `lease_lapsed`.
    package var code: Text
    /// The provider's or libcurl's own words, cut to `Limits.answerExcerptBytes`.
    package var words: Text
    /// How long the provider asked to wait.
    package var retryAfter: Span?
    package var trouble: RouteTrouble?

    package init(
        _ outcome: Outcome, counts: Bool = true, messageID: Text? = nil, code: Text, words: Text = "",
        retryAfter: Span? = nil, trouble: RouteTrouble? = nil
    ) {
        self.outcome = outcome
        self.counts = counts
        self.messageID = messageID
        self.code = code
        self.words = words
        self.retryAfter = retryAfter
        self.trouble = trouble
    }

    /// The lease ran out while the attempt was open: whoever held it may have sent, and may not.
    package static let leaseLapsed = Verdict(
        .unknown, code: "lease_lapsed",
        words: "The dispatcher ended or stalled before it could record an outcome.")

    /// Claimed, but stopped before the first byte could leave.
    package static let neverLeft = Verdict(
        .rejectedForNow, counts: false, code: "never_left", words: "Stopped before the first byte was sent.")
}

/// Trouble that concerns a whole route rather than one command. A circuit breaker acts on it.
package enum RouteTrouble: String, Hashable, Sendable, CaseIterable {
    /// 401 or 403: the key is wrong or not allowed to send. Or the URL does not lead to the provider.
    case account
    /// 402: no credit left.
    case credit
    /// 429: too fast.
    case throttled
    /// 5xx, refused connections and silence: the provider is unwell.
    case server
}
