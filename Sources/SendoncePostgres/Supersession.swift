// Which commands a batch supersedes. Newer is what happened later: an event that comes late does not displace
// one that happened after it, but is displaced by it. What one event says to several people is equally new:
// its commands do not supersede each other.
import SendonceCore
import SendonceStore

/// Reads the queued rivals of a batch once, and plays the batch through in its order.
struct Supersession {
    private struct Rival {
        var number: Int64
        var position: Int64
        var occurredAt: Timestamp
        var isQueued: Bool
    }

    private var superseded: [Int64: Int64] = [:]
    /// Rows that are in the queue already, in the order of their numbers.
    private var queued: [Int64] = []

    init(_ session: Session, new rows: [NumberedCommand]) throws(StoreError) {
        let superseding = rows.filter { $0.command.supersedeDigest != nil }
        guard !superseding.isEmpty else { return }
        var digests = Column(.bytes)
        for digest in Set(superseding.compactMap(\.command.supersedeDigest)) { digests.add(digest) }
        let found = try session.rows(Self.rivalsSQL) {
            $0.add(digests)
        } read: { (row: Row) throws(StoreError) in
            (
                try row.digest(1),
                Rival(
                    number: row.integer(0), position: row.integer(2), occurredAt: row.time(3), isQueued: true)
            )
        }
        // By digest: those that nothing has superseded yet.
        var rivals: [Digest: [Rival]] = [:]
        for (digest, rival) in found { rivals[digest, default: []].append(rival) }
        for row in superseding {
            guard let digest = row.command.supersedeDigest else { continue }
            let (position, time) = (row.command.position, row.command.occurredAt)
            var standing: [Rival] = []
            for rival in rivals[digest] ?? [] {
                if rival.position < position, rival.occurredAt <= time {
                    superseded[rival.number] = position
                    if rival.isQueued { queued.append(rival.number) }
                } else {
                    standing.append(rival)
                }
            }
            let newer =
                row.supersededBy ?? standing.filter { $0.occurredAt > time }.map(\.position).max()
            if let newer {
                superseded[row.number] = newer
            } else {
                standing.append(
                    Rival(number: row.number, position: position, occurredAt: time, isQueued: false))
            }
            rivals[digest] = standing
        }
        queued.sort()
    }

    /// The position that supersedes a command of the batch; nil if none does.
    func position(for number: Int64) -> Int64? { superseded[number] }

    /// Marks the rows that were queued before.
    func write(_ session: Session) throws(StoreError) {
        guard !queued.isEmpty else { return }
        var (numbers, positions) = (Column(.integer), Column(.integer))
        for number in queued {
            numbers.add(number)
            positions.add(superseded[number])
        }
        try session.run(
            """
            UPDATE outbox_queue q SET superseded_by = row.position
            FROM unnest($1::bigint[], $2::bigint[]) AS row (command, position)
            WHERE q.command = row.command
            """
        ) {
            $0.add(numbers)
            $0.add(positions)
        }
    }

    /// Locked in the order of their numbers, as settling does.
    private static let rivalsSQL = """
        SELECT q.command, q.supersede_digest, c.position, c.occurred_at
        FROM outbox_queue q JOIN outbox_command c ON c.number = q.command
        WHERE q.supersede_digest = ANY ($1::bytea[]) AND q.supersede_digest IS NOT NULL
            AND q.superseded_by IS NULL
        ORDER BY q.command FOR UPDATE OF q
        """
}
