// The ways in which the fake can misbehave. Each case says whether the message was accepted, because that is
// what a client cannot see and a test has to know.

extension FakeBrevo {
    /// One way to spoil one request to the send path.
    ///
    /// "Judged" means that the request is treated as without a fault: it is accepted if it is valid and its
    /// key is new, and refused otherwise. A fault that judges first can therefore hide a refusal as well as
    /// an acceptance. It never makes the fake accept what it would have refused.
    package enum Fault: Sendable, Equatable {
        /// Nothing is spoilt. Stands in scripts for "and then one proper answer". Judged.
        case none
        /// Judged, so **accepted** if valid and new; then the connection is closed (FIN) without one byte of
        /// answer.
        case acceptThenDrop
        /// Judged, so **accepted** if valid and new; then the connection is reset (RST) without one byte of
        /// answer.
        case acceptThenReset
        /// Judged at once, so **accepted** if valid and new; the proper answer comes so many milliseconds
        /// later.
        case acceptThenLate(milliseconds: Int)
        /// On the second or a later request of a connection: read completely, counted, **not accepted**,
        /// reset (RST). Does nothing on the first request of a connection, and a script keeps its entry for a
        /// reused one.
        case resetOnReuse
        /// As `resetOnReuse`, but judged before the reset, so **accepted** if valid and new.
        case acceptThenResetOnReuse
        /// Judged, so **accepted** if valid and new; the proper answer is sent byte by byte with this pause
        /// between two bytes (0: every byte in a segment of its own, as fast as it goes).
        case slowDrip(millisecondsPerByte: Int)
        /// Judged, so **accepted** if valid and new; the answer's `Content-Length` is larger than the body
        /// that is sent, then the connection is closed.
        case truncatedBody
        /// Judged, so **accepted** if valid and new; the answer is complete HTTP with a body that is half of
        /// the JSON.
        case truncatedJSON
        /// Answered with this status (400 to 599). With `accepted: true` judged first, so **accepted** if
        /// valid and new, although the answer says otherwise; with `accepted: false` **not accepted**.
        case refuse(status: Int, accepted: Bool)
        /// Answered 429 with the rate headers, reset after so many seconds. **Not accepted.**
        case rateLimited(resetSeconds: Int)
        /// Closed as soon as the head has been read; what has come of the body is thrown away (so the client
        /// may see RST). **Not accepted**, and not counted as a complete request.
        case dropBeforeReading

        /// True if the fault needs a connection that has carried a request before.
        package var needsReuse: Bool {
            switch self {
            case .resetOnReuse, .acceptThenResetOnReuse: true
            default: false
            }
        }

        /// The fault's name in the control interface and in the log.
        package var name: String {
            switch self {
            case .none: "none"
            case .acceptThenDrop: "acceptThenDrop"
            case .acceptThenReset: "acceptThenReset"
            case .acceptThenLate: "acceptThenLate"
            case .resetOnReuse: "resetOnReuse"
            case .acceptThenResetOnReuse: "acceptThenResetOnReuse"
            case .slowDrip: "slowDrip"
            case .truncatedBody: "truncatedBody"
            case .truncatedJSON: "truncatedJSON"
            case .refuse: "refuse"
            case .rateLimited: "rateLimited"
            case .dropBeforeReading: "dropBeforeReading"
            }
        }
    }
}
