// What a host remembers of a log outside its database, and how it is written down.
package import SendonceCore
package import SendonceStore

/// What one host has seen of one log at one home.
package struct Witness: Hashable, Sendable {
    package var log: LogName
    package var home: Digest
    /// When the log was put in force there: the record of that bears no other time.
    package var boundAt: Timestamp
    package var seen: Sighting

    package init(log: LogName, home: Digest, boundAt: Timestamp, seen: Sighting) {
        self.log = log
        self.home = home
        self.boundAt = boundAt
        self.seen = seen
    }

    /// Whether a person has put the log in force since: then what was seen before counts no more.
    func isVoid(by record: HomeRecord?) -> Bool {
        guard let record else { return false }
        return record.isLift && record.recordedAt > boundAt
    }
}

/// One writing of a witness, as bytes: a mark, the number of the writing, the witness, and SHA-256 of all
/// that. A writing that was cut off does not pass.
struct WitnessSlot {
    /// Each of the two slots of a file takes so many bytes.
    static let length = 1_024

    /// Higher is newer.
    var number: Int64
    var witness: Witness

    private static let mark: [UInt8] = Array("SNDWITN1".utf8)

    init(number: Int64, witness: Witness) {
        self.number = number
        self.witness = witness
    }

    var bytes: [UInt8] {
        var bytes = Self.mark
        func add(_ number: Int64) { withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }
        add(number)
        bytes += witness.log.bytes + witness.home.bytes
        add(witness.boundAt.microseconds)
        add(witness.seen.head.position)
        bytes += witness.seen.head.link.bytes
        let claims = witness.seen.claims.suffix(FenceLimits.claims)
        add(Int64(claims.count))
        for claim in claims {
            add(claim.command)
            add(claim.attempt)
            add(claim.token)
            add(claim.startedAt.microseconds)
        }
        bytes += DigestBuilder.digest(of: bytes).bytes
        return bytes + Array(repeating: 0, count: Self.length - bytes.count)
    }

    /// nil for anything but what `bytes` wrote.
    init?(_ bytes: [UInt8]) {
        var reader = SlotReader(bytes: bytes)
        guard reader.take(8) == Self.mark, let number = reader.number(), let log = reader.digest(),
            let home = reader.digest(), let boundAt = reader.number(), let position = reader.number(),
            let link = reader.digest(), let count = reader.number(),
            (0...Int64(FenceLimits.claims)).contains(count)
        else { return nil }
        var claims: [ClaimMark] = []
        for _ in 0..<count {
            guard let command = reader.number(), let attempt = reader.number(), let token = reader.number(),
                let start = reader.number()
            else { return nil }
            claims.append(
                ClaimMark(
                    command: command, attempt: attempt, token: token,
                    startedAt: Timestamp(microseconds: start)))
        }
        let end = reader.place
        guard reader.digest() == DigestBuilder.digest(of: Array(bytes[..<end])) else { return nil }
        self.number = number
        witness = Witness(
            log: log, home: home, boundAt: Timestamp(microseconds: boundAt),
            seen: Sighting(head: LogHead(position: position, link: link), claims: claims))
    }
}

private struct SlotReader {
    let bytes: [UInt8]
    var place = 0

    mutating func take(_ count: Int) -> [UInt8]? {
        guard place + count <= bytes.count else { return nil }
        defer { place += count }
        return Array(bytes[place..<place + count])
    }

    mutating func number() -> Int64? {
        take(8).map { $0.withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) } }
    }

    mutating func digest() -> Digest? {
        take(32).flatMap { Digest(bytes: $0) }
    }
}
