// What becomes of one command, given what the old place has recorded of it. Pure: rows go in, rows come out.
import SendonceCore
import SendonceStore

/// Columns of `outbox_queue`, in the order in which rows are read.
enum QueueColumn: Int, CaseIterable {
    case command, state, dueAt, route, supersedeDigest, leaseEnd, token, attempts, counted, firstUnsureAt
    case requestDigest, holdReason, holdDetail, heldAt, cancelledBy, supersededBy
}

/// Columns of `outbox_attempt`.
enum AttemptColumn: Int, CaseIterable {
    case command, attempt, token, route, requestDigest, dispatcher, startedAt
}

/// Columns of `outbox_outcome`.
enum OutcomeColumn: Int, CaseIterable {
    case command, attempt, outcome, counts, code, words, messageID, retryAfter, trouble, status, issues
    case finishedAt
}

struct QueueRow {
    var row: TransferRow

    subscript(column: QueueColumn) -> TransferValue {
        get { row[column.rawValue] }
        set { row[column.rawValue] = newValue }
    }

    func number(_ column: QueueColumn) -> Int64 { self[column].number ?? 0 }

    mutating func hold(_ reason: HoldReason, at time: Timestamp) {
        self[.state] = .text(Array(QueueState.held.rawValue.utf8))
        self[.holdReason] = .text(Array(reason.rawValue.utf8))
        self[.holdDetail] = .null
        self[.heldAt] = .integer(time.microseconds)
        self[.leaseEnd] = .null
    }
}

struct RecordedTry {
    var attempt: TransferRow
    var outcome: TransferRow?

    func integer(_ column: AttemptColumn) -> Int64 { attempt[column.rawValue].number ?? 0 }
    var word: String? { outcome?[OutcomeColumn.outcome.rawValue].word }
    var finishedAt: TransferValue? { outcome?[OutcomeColumn.finishedAt.rawValue] }
    /// Whether the message may have been accepted all the same.
    var isUnsure: Bool { word == nil || word == Outcome.unknown.rawValue }
    var isAccepted: Bool { word == Outcome.accepted.rawValue || word == Outcome.duplicate.rawValue }
    var counts: Bool { outcome.map { $0[OutcomeColumn.counts.rawValue].number == 1 } ?? true }
}

/// All that is recorded of one command.
struct CommandRecord {
    var number: Int64
    var finish: TransferRow?
    /// The old place's queue row, under the new number.
    var queued: QueueRow?
    /// The queue row as the projector made it again; nil once an earlier run has removed it.
    var rebuilt: QueueRow?
    /// In the order of their numbers.
    var tries: [RecordedTry]
    /// Outcomes whose attempt was lost.
    var strays: Int
    /// When an answer that came too late said that the message was accepted.
    var acceptedLate: TransferValue?

    enum Fate {
        case finished(TransferRow, isMadeAgain: Bool)
        case queued(TransferRow, newHold: HoldReason?)
    }

    /// - A recorded end stays.
    /// - An accepted outcome without an end was accepted.
    /// - A final no without an end, and without an unknown outcome before it, was rejected.
    /// - A queue row that fits the recorded attempts stays as it is, if there were attempts, or if a person
    ///   or a gate holds the command already.
    /// - What a late answer says was accepted, if the queue row is lost.
    /// - Whatever may have reached a provider and has lost its queue row, or has one that does not fit, is
    ///   held as unknown.
    /// - All else is held as restored: never is a command due because of a rebuild.
    func fate(at time: Timestamp) throws(StoreError) -> Fate {
        if let finish { return .finished(finish, isMadeAgain: false) }
        if let accepted = tries.first(where: \.isAccepted) { return finished(.accepted, accepted.finishedAt) }
        if var row = queued, fits(row) {
            if case .null = row[.cancelledBy] { row[.cancelledBy] = rebuilt?[.cancelledBy] ?? .null }
            if !tries.isEmpty || row[.state].word == QueueState.held.rawValue {
                return .queued(row.row, newHold: nil)
            }
            row.hold(.restored, at: time)
            return .queued(row.row, newHold: .restored)
        }
        if let acceptedLate { return finished(.accepted, acceptedLate) }
        // Before the queue row is asked for: an earlier run may have removed it, and not written the end yet.
        if let last = tries.last, last.word == Outcome.rejected.rawValue, !isUnsure {
            return finished(.rejected, last.finishedAt)
        }
        guard var row = rebuilt ?? queued else {
            throw .conflict(
                "command \(number) has neither an end nor a place in the queue, which an earlier run left "
                    + "so: start again with a new database")
        }
        restore(&row)
        let hold: HoldReason = isUnsure ? .unknownOutcome : .restored
        row.hold(hold, at: time)
        return .queued(row.row, newHold: hold)
    }

    /// Whether the message may have been accepted by an attempt of which no answer is recorded.
    private var isUnsure: Bool {
        if tries.contains(where: \.isUnsure) || strays > 0 { return true }
        guard let queued else { return false }
        return queued[.firstUnsureAt].number != nil || (tries.isEmpty && queued.number(.attempts) > 0)
    }

    private func finished(_ state: FinishedState, _ time: TransferValue?) -> Fate {
        .finished(
            [.integer(number), .text(Array(state.rawValue.utf8)), time ?? .null, .null],
            isMadeAgain: true)
    }

    private func fits(_ row: QueueRow) -> Bool {
        strays == 0 && row.number(.attempts) == tries.last?.integer(.attempt) ?? 0
            && row.number(.token) >= tries.last?.integer(.token) ?? 0
            && (!tries.isEmpty || row[.firstUnsureAt] == .null)
    }

    /// Brings the counts of attempts up to what is recorded.
    private func restore(_ row: inout QueueRow) {
        let attempts = max(tries.last?.integer(.attempt) ?? 0, queued?.number(.attempts) ?? 0)
        let counted = max(Int64(tries.count(where: \.counts)), queued?.number(.counted) ?? 0)
        row[.attempts] = .integer(attempts)
        row[.counted] = .integer(min(counted, attempts))
        row[.token] = .integer(
            max(tries.map { $0.integer(.token) }.max() ?? 0, queued?.number(.token) ?? 0))
        let unsure = tries.filter(\.isUnsure).map { $0.integer(.startedAt) }
        let first = (unsure + [queued?[.firstUnsureAt].number].compactMap(\.self)).min()
        row[.firstUnsureAt] = first.map { .integer($0) } ?? .null
        let request = tries.first?.attempt[AttemptColumn.requestDigest.rawValue]
        row[.requestDigest] = request ?? queued?[.requestDigest] ?? .null
        row[.cancelledBy] =
            queued.flatMap { $0[.cancelledBy] == .null ? nil : $0[.cancelledBy] }
            ?? rebuilt?[.cancelledBy] ?? .null
    }
}
