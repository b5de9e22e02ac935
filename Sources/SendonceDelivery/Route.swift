// A configured provider account with its limits.
package import SendonceCore

/// The kinds of provider that a route can have; the words of the settings.
package enum ProviderKind: String, Hashable, Sendable, CaseIterable {
    case brevo, maildir

    package var provider: any Provider {
        switch self {
        case .brevo: BrevoProvider()
        case .maildir: MaildirProvider()
        }
    }
}

package struct Route: Sendable, CustomStringConvertible {
    package var name: Text
    package var kind: ProviderKind
    /// Where the account is: `https://api.brevo.com`, or `maildir:/var/mail/out`. Without user, password,
    /// query and fragment.
    package var url: String
    /// nil where the provider needs none.
    package var secret: Secret?
    package var rate: RateSettings
    /// Requests in flight at one time in this process.
    package var concurrency: Int
    /// Attempts under way at one time by all dispatchers of the log; nil: no such limit. What a dispatcher
    /// that was killed had under way counts until its leases have run out, so this is only for who asked.
    package var sharedConcurrency: Int?
    /// For name look-up, connect and TLS, in milliseconds.
    package var connectTimeout: Int
    /// For the whole exchange, in milliseconds. Under a minute it manufactures unknown outcomes.
    package var totalTimeout: Int
    package var schedule: RetrySchedule

    package init(
        name: Text, kind: ProviderKind, url: String, secret: Secret? = nil,
        rate: RateSettings = RateSettings(),
        concurrency: Int = 32, connectTimeout: Int = 10_000, totalTimeout: Int = 60_000,
        schedule: RetrySchedule = RetrySchedule()
    ) {
        self.name = name
        self.kind = kind
        self.url = url
        self.secret = secret
        self.rate = rate
        self.concurrency = concurrency
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.schedule = schedule
    }

    package var description: String { "route \(name) (\(kind.rawValue) at \(url))" }
}
