// The bounds of the transport, each with its reason. What is kept of an answer's body is bounded by the port
// itself (`TransportLimits.answerBodyBytes`).

package enum CurlLimits {
    /// Most requests in flight. libcurl looks at every handle in each turn of the loop, so more of them cost
    /// all.
    package static let concurrency = 1_024
    /// Requests that wait for a free handle. Who submits more has lost count of what is under lease: these
    /// are answered at once as not sent.
    package static let waitingRequests = 65_536
    /// An answer's body beyond this is not read any further: the transfer ends with `CURLE_WRITE_ERROR` (23)
    /// and the status stays known. No provider's answer comes near.
    package static let answerBodyBytes = 1_048_576
    /// All response heads of one request together, interim ones included. Above, the transfer ends with code
    /// 23.
    package static let answerHeadBytes = 65_536
    /// Seconds for which an idle connection is used again. Load balancers close after 60 or so, and a
    /// connection that dies under a request makes its outcome unknown: better a handshake more.
    package static let connectionAge = 20
    /// Memory for a body that a handle keeps for its next request; a larger one is given back.
    static let keptBodyBytes = 262_144
    /// How long the loop sleeps at most when nothing calls it, in milliseconds. Submissions wake it; this is
    /// for peace of mind only.
    static let longestSleep: Int32 = 10_000
}
