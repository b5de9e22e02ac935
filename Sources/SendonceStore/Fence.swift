// How a database notices that it is a copy, or older than what was already done from it. What it is compared
// with is kept outside of it: where it stands, and what this host has seen.
package import SendonceCore

/// How a log stands to the place where its database is; the words of `outbox_home.state`.
package enum HomeState: String, Hashable, Sendable, CaseIterable {
    /// The log is in force here, and only here.
    case bound
    /// The database was found to be a copy, or older than what was seen: nothing is decided or sent until a
    /// person lifts it.
    case fenced
}

/// A place where a log can be in force. Two databases that hold the same log have different homes.
package struct Home: Hashable, Sendable {
    package var digest: Digest
    /// For people; holds no secret.
    package var place: Text

    /// `surroundings` names what the database itself cannot: the machine, or the deployment.
    package init(_ identity: DatabaseIdentity, surroundings: Text?) {
        var builder = DigestBuilder()
        builder.addPart("sendonce.home.v1")
        builder.addPart(identity.text.string)
        builder.addPart(surroundings?.string)
        digest = builder.digest()
        place = identity.place
    }
}

/// What tells a database from its copies, as far as the engine says.
package struct DatabaseIdentity: Hashable, Sendable {
    package var text: Text
    /// For people; holds no secret.
    package var place: Text
    /// Whether the text differs on every machine; a file's path does not.
    package var namesItsMachine: Bool

    package init(text: Text, place: Text, namesItsMachine: Bool) {
        self.text = text
        self.place = place
        self.namesItsMachine = namesItsMachine
    }
}

/// One row of `outbox_home`: the newest one counts, the others are history.
package struct HomeRecord: Hashable, Sendable {
    /// Of its row, from 1; the store gives it.
    package var number: Int64
    package var state: HomeState
    package var home: Digest
    package var place: Text
    package var actor: Text
    /// Why; of a fence: what was noticed.
    package var reason: Text
    /// Events that waited in the intake up to this number when the fence was put up are as suspect as the
    /// queue: their commands come out held.
    package var suspectThrough: Int64
    /// Later than every record before it, also where the clock went back: so it says which came first, and
    /// may run ahead of the clock.
    package var recordedAt: Timestamp

    package init(
        number: Int64 = 0, state: HomeState, home: Digest, place: Text, actor: Text, reason: Text,
        suspectThrough: Int64 = 0, recordedAt: Timestamp
    ) {
        self.number = number
        self.state = state
        self.home = home
        self.place = place
        self.actor = actor
        self.reason = reason
        self.suspectThrough = suspectThrough
        self.recordedAt = recordedAt
    }

    /// Whether a person put the log in force. A first start does that alone once, and between two bound
    /// records stands a fence, which only a person lifts.
    package var isLift: Bool { state == .bound && number > 1 }

    /// The same, recorded later than what is known of this log already.
    package func following(_ known: Timestamp?) -> HomeRecord {
        guard let known else { return self }
        var record = self
        record.recordedAt = max(recordedAt, known + Span(microseconds: 1))
        return record
    }

    /// What is refused here and what to do; nil where the log is in force.
    package var refusal: String? {
        guard state == .fenced else { return nil }
        return "this log was fenced on \(recordedAt.shortText): \(reason): nothing is decided or sent here; "
            + HomeRecord.cure
    }

    package static let cure =
        "`sendonce fence` lists what would have been sent, `sendonce fence lift` puts the log in force here"
}

/// A claim as its host remembers it. The newest ones are what a restore takes away first.
package struct ClaimMark: Hashable, Sendable {
    /// The command's number.
    package var command: Int64
    package var attempt: Int64
    package var token: Int64
    package var startedAt: Timestamp

    package init(command: Int64, attempt: Int64, token: Int64, startedAt: Timestamp) {
        self.command = command
        self.attempt = attempt
        self.token = token
        self.startedAt = startedAt
    }
}

/// What was seen of a log. A database that lacks any of it is older.
package struct Sighting: Hashable, Sendable {
    package var head: LogHead
    /// Newest last.
    package var claims: [ClaimMark]

    package init(head: LogHead, claims: [ClaimMark] = []) {
        self.head = head
        self.claims = claims
    }

    package mutating func add(_ head: LogHead) {
        if head.position > self.head.position { self.head = head }
    }

    package mutating func add(_ claim: ClaimMark) {
        claims.append(claim)
        claims.removeFirst(max(0, claims.count - FenceLimits.claims))
    }
}

package enum FenceLimits {
    /// Claims that a host remembers: as many processes as may write their newest claim in another order than
    /// the database committed them.
    package static let claims = 16
}

/// What a database lacks of what was seen.
package enum Missing: Hashable, Sendable {
    case position(seen: Int64, last: Int64)
    /// Another event stands at the position.
    case event(Int64)
    case claim(ClaimMark)
    /// The place was put in force by an act that the database knows nothing of.
    case binding(Timestamp)
    /// What answers is another database than before.
    case identity

    package var words: String {
        switch self {
        case .position(let seen, let last):
            "this host has seen event #\(seen), and the log ends with #\(last)"
        case .event(let position): "this host has seen another event #\(position)"
        case .claim(let claim):
            "this host began attempt \(claim.attempt) of message \(claim.command) on "
                + "\(claim.startedAt.shortText), and the database knows nothing of it"
        case .binding(let time):
            "this host has seen the log put in force here on \(time.shortText), and the database knows "
                + "nothing of it"
        case .identity: "the server that answers is another one than before"
        }
    }
}

/// A log by name, with its end.
package struct LogEnds: Hashable, Sendable {
    package var name: LogName
    package var head: LogHead

    package init(name: LogName, head: LogHead) {
        self.name = name
        self.head = head
    }
}

/// The right to say where a log is in force, and to fence it.
package protocol FenceKeeper: AuthorityReader, StoreClock {
    func identity() throws(StoreError) -> DatabaseIdentity

    /// nil while the log is empty: then nothing can have been sent from it.
    func logEnds() throws(StoreError) -> LogEnds?

    /// The newest record; nil if the log was never put in force here.
    func homeRecord() throws(StoreError) -> HomeRecord?

    /// The first thing that the database lacks of a sighting.
    func missing(of sighting: Sighting) throws(StoreError) -> Missing?

    /// Records the first home of a log; does nothing where one is recorded.
    func bind(_ record: HomeRecord) throws(StoreError)

    /// Records the fence and holds everything that is queued and not held, in one transaction; does nothing
    /// where the log is fenced already. What is being sent at this moment becomes unknown. The record is made
    /// to follow the last one; `now` is when the queue is said to be held.
    func fence(_ record: HomeRecord, now: Timestamp) throws(StoreError)

    /// Puts the log in force under this home, if exactly `confirmed` commands would have been sent. They stay
    /// held, and so will those of the events that waited when the fence was put up. The record is made to
    /// follow that of the fence.
    ///
    /// Errors: `.conflict` if the log is not fenced.
    func lift(_ record: HomeRecord, _ order: ActOrder, confirmed: Int64) throws(StoreError) -> ActResult

    /// From now on, every claim and every projector transaction of this store makes sure, within itself, that
    /// the database is this one, was put in force when this process says, and lacks nothing of what was seen;
    /// it throws `.fenced` otherwise.
    func watch(_ expected: Expectation) throws(StoreError)

    /// Adds a claim to what every later transaction makes sure of.
    func saw(_ claim: ClaimMark)

    /// What was seen so far, with the log's end as the last claim or projector transaction found it.
    func sighting() -> Sighting?
}

extension ProjectedBatch {
    /// Position of the last event that waited in the intake when the fence was put up; nil if none did.
    /// Events stand in the order of their intake rows.
    package func lastSuspect(_ home: HomeRecord) -> Int64? {
        guard home.suspectThrough > 0 else { return nil }
        guard let index = moved.lastIndex(where: { $0 <= home.suspectThrough }) else { return nil }
        return index < events.count ? events[index].position : events.last?.position
    }

    package var emittedCount: Int { decisions.count { $0.reason == .emitted } }
}
