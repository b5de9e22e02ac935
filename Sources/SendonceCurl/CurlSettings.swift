// What an operator decides about connections. Everything else about how libcurl is used is fixed.

/// Settings of one `CurlTransport`.
package struct CurlSettings: Sendable {
    /// Requests in flight at once, and idle connections kept; 1 to `CurlLimits.concurrency`.
    package var concurrency: Int
    /// Whether `http` URLs are sent. For fakes and sinks on loopback; providers are reached over TLS only.
    package var allowsPlainHTTP: Bool
    /// PEM file of the authorities to trust instead of the system's.
    package var authorityFile: String?
    /// URL of a proxy for all requests. `nil` means none, whatever the environment says.
    package var proxy: String?

    /// False only in the test that shows what libcurl does without the guard. Nothing outside this module can
    /// set it.
    var refusesSecondIssue = true

    package init(
        concurrency: Int = 64, allowsPlainHTTP: Bool = false, authorityFile: String? = nil,
        proxy: String? = nil
    ) {
        self.concurrency = concurrency
        self.allowsPlainHTTP = allowsPlainHTTP
        self.authorityFile = authorityFile
        self.proxy = proxy
    }
}
