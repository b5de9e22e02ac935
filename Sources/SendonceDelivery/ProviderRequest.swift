// A request as a provider built it, with its fingerprint.
package import SendonceCore

package struct ProviderRequest: Sendable, CustomStringConvertible, CustomReflectable {
    package let method: String
    package let url: String
    /// Holds the route's secret; never printed, never recorded.
    package let headers: [Header]
    package let body: [UInt8]
    /// SHA-256 over provider and body, each with its length. Recorded with the first attempt; every
    /// later one must have the same. Headers are left out, so a changed API key does not hold a command.
    package let digest: Digest

    package init(
        _ kind: ProviderKind, method: String, url: String, headers: [Header], body: [UInt8]
    ) throws(MessageError) {
        guard body.count <= DeliveryLimits.requestBytes else { throw .tooLong(bytes: body.count) }
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        var builder = DigestBuilder()
        builder.addPart(kind.rawValue)
        builder.addPart(body)
        digest = builder.digest()
    }

    package var description: String { "\(method) \(url) (\(body.count) bytes, digest \(digest))" }
    package var customMirror: Mirror { Mirror(self, children: ["request": description]) }

    /// The request as a transport takes it. `issueDeadline` is monotonic, in nanoseconds.
    package func transportRequest(number: UInt64, issueDeadline: UInt64, at route: Route) -> TransportRequest
    {
        TransportRequest(
            number: number, method: method, url: url, headers: headers, body: body,
            issueDeadline: issueDeadline,
            connectTimeout: route.connectTimeout, totalTimeout: route.totalTimeout)
    }
}
