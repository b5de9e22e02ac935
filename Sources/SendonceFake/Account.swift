// What the provider knows about one account: keys, credits, rate, accepted messages. One lock stands around
// it, so two requests with one key are judged one after the other and exactly one is accepted.

/// Where and how a request came in, as far as the log shows it.
struct Arrival {
    var at: Int64
    var connection: Int
    var ordinal: Int
    var fault: FakeBrevo.Fault
}

/// The provider's side of one account.
struct Account: ~Copyable {
    /// The bytes of an idempotency key. Not a String: Swift holds canonically equivalent texts for equal, a
    /// provider does not.
    struct Key: Hashable {
        let bytes: [UInt8]

        init(_ text: String) { bytes = Array(text.utf8) }
    }

    let configuration: FakeBrevo.Configuration
    var chaos: FakeBrevo.ChaosPlan
    private(set) var acceptances: [FakeBrevo.Acceptance] = []
    private(set) var log = FakeBrevo.RequestLog()
    private(set) var tally = FakeBrevo.Tally()
    /// The place of the newest acceptance of each key.
    private var newest: [Key: Int] = [:]
    private var retainedBytes = 0
    private var credits = Credits()
    private var rate = Rate()
    private var lastNumber = 0
    private var record: RecordFile?

    init(_ configuration: FakeBrevo.Configuration) {
        self.configuration = configuration
        chaos = configuration.chaos
    }

    /// Opens the record file and remembers what it holds.
    mutating func openRecord() throws(FakeBrevo.FakeError) {
        guard let path = configuration.recordPath else { return }
        var file = try RecordFile(path: path)
        for acceptance in try file.readAll(path: path) { remember(acceptance) }
        lastNumber = acceptances.last.flatMap { Self.number(of: $0.messageId) } ?? 0
        record = consume file
    }

    /// The running number in a message id of ours, so that ids stay unique across restarts under any clock.
    private static func number(of messageId: String) -> Int? {
        messageId.split(separator: "@").first?.split(separator: ".").last.flatMap { Int($0) }
    }

    /// Closes the record file, so that another fake can have it.
    mutating func closeRecord() { record = nil }

    /// Forgets all messages, keys, credits, counts, log and chaos, and empties the record file.
    mutating func reset() -> Bool {
        guard record?.empty() ?? true else { return false }
        acceptances = []
        log = FakeBrevo.RequestLog()
        tally = FakeBrevo.Tally()
        newest = [:]
        retainedBytes = 0
        credits = Credits()
        rate = Rate()
        chaos = .calm
        return true
    }

    /// Counts a POST that did not come to its end.
    mutating func abandon() { tally.abandoned += 1 }

    /// Judges one complete request and gives the answer, or nil if the fault leaves none.
    mutating func answer(_ message: Result<Message, Refusal>, admitted: Bool, _ arrival: Arrival) -> Answer? {
        tally.requests += 1
        if arrival.fault != .none { tally.spoilt += 1 }
        var entry = FakeBrevo.LogEntry(
            at: arrival.at, connection: arrival.connection, ordinal: arrival.ordinal,
            key: (try? message.get())?.key, fault: arrival.fault.name, accepted: false)
        var answer: Answer?
        switch arrival.fault {
        case .resetOnReuse, .dropBeforeReading:
            break
        case .refuse(let status, accepted: false):
            answer = Answer(refusal: .ordered(status))
        case .rateLimited(let seconds):
            answer = Answer(refusal: .rateLimited)
            answer?.headers = Rate.headers(
                limit: configuration.rateLimitPerSecond ?? 1, remaining: 0, reset: seconds)
        case .refuse(let status, accepted: true):
            _ = judge(message, admitted: admitted, at: arrival.at, &entry)
            answer = Answer(refusal: .ordered(status))
        case .acceptThenDrop, .acceptThenReset, .acceptThenResetOnReuse:
            _ = judge(message, admitted: admitted, at: arrival.at, &entry)
        case .none, .acceptThenLate, .slowDrip, .truncatedBody, .truncatedJSON:
            answer = judge(message, admitted: admitted, at: arrival.at, &entry)
        }
        entry.status = answer?.status
        log.append(entry)
        return answer
    }

    private mutating func judge(
        _ message: Result<Message, Refusal>, admitted: Bool, at now: Int64, _ entry: inout FakeBrevo.LogEntry
    ) -> Answer {
        var answer: Answer
        var isRateLimited = false
        do throws(Refusal) {
            guard admitted else { throw .unauthorized }
            if let limit = configuration.rateLimitPerSecond {
                guard rate.take(limit: limit, at: now) else {
                    isRateLimited = true
                    throw .rateLimited
                }
            }
            let messageId = try accept(try message.get(), at: now, &entry)
            entry.messageId = messageId
            answer = Answer(status: 201, body: Array("{\"messageId\":\"\(messageId)\"}".utf8))
        } catch {
            entry.code = error.code
            answer = Answer(refusal: error)
        }
        if admitted, let limit = configuration.rateLimitPerSecond {
            answer.headers = Rate.headers(
                limit: limit, remaining: isRateLimited ? 0 : rate.remaining(limit: limit), reset: 1)
        }
        return answer
    }

    /// Accepts the message and gives its id, or throws and accepts nothing.
    ///
    /// In which order Brevo looks at key and credits is not documented; a key that was accepted is refused as
    /// a duplicate here even when no credits are left.
    private mutating func accept(
        _ message: Message, at now: Int64, _ entry: inout FakeBrevo.LogEntry
    ) throws(Refusal) -> String {
        lastNumber += 1
        let messageId = "<\(now).\(lastNumber)@fake-brevo.test>"
        if message.isSandboxed { return messageId }
        if let key = message.key, let place = newest[Key(key)],
            now - acceptances[place].receivedAt < Int64(configuration.keyTimeToLive) * 1_000
        {
            tally.duplicates += 1
            acceptances[place].refusedDuplicates += 1
            throw .duplicate
        }
        if let limit = configuration.dailyCredits {
            guard credits.used(at: now) + message.recipientCount <= limit else { throw .creditsUsedUp }
        }
        let acceptance = FakeBrevo.Acceptance(
            key: message.key, messageId: messageId, sender: message.sender, to: message.to,
            subject: message.subject, tags: message.tags, params: message.params,
            templateId: message.templateId,
            excerpt: message.excerpt, recipientCount: message.recipientCount, receivedAt: now)
        guard acceptances.count < min(configuration.acceptanceLimit, FakeBrevo.Limits.acceptances),
            retainedBytes + acceptance.retainedBytes <= FakeBrevo.Limits.retainedBytes
        else { throw .full }
        guard record?.append(acceptance.line(withDuplicates: false)) ?? true else { throw .notRecorded }
        remember(acceptance)
        entry.accepted = true
        return messageId
    }

    private mutating func remember(_ acceptance: FakeBrevo.Acceptance) {
        if let key = acceptance.key { newest[Key(key)] = acceptances.count }
        acceptances.append(acceptance)
        retainedBytes += acceptance.retainedBytes
        credits.use(acceptance.recipientCount, at: acceptance.receivedAt)
        tally.accepted += 1
    }
}
