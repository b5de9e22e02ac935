import SendonceCore
import SendonceStore
import Testing

// What becomes of one command, case by case.
@testable import SendonceRebuild

@Suite struct CommandRecordTests {
    private static let now = Timestamp.start + .days(1)
    private static let digest = TransferValue.bytes(Array(repeating: 7, count: 32))

    private static func text(_ word: String) -> TransferValue { .text(Array(word.utf8)) }

    private static func queue(
        _ state: String = "pending", attempts: Int64 = 0, unsure: Int64? = nil, hold: String? = nil
    ) -> QueueRow {
        QueueRow(row: [
            .integer(1), text(state), .integer(5), text("a"), .null,
            state == "sending" ? .integer(9) : .null, .integer(attempts * 3), .integer(attempts),
            .integer(0), unsure.map { .integer($0) } ?? .null, attempts > 0 ? digest : .null,
            hold.map(text) ?? .null, .null, hold == nil ? .null : .integer(6), .null, .null,
        ])
    }

    private static func tried(_ number: Int64, _ outcome: String?) -> RecordedTry {
        RecordedTry(
            attempt: [
                .integer(1), .integer(number), .integer(number * 3), text("a"), digest, text("d"),
                .integer(100 + number),
            ],
            outcome: outcome.map { word in
                [
                    .integer(1), .integer(number), text(word), .integer(1), text("c"), text(""), .null, .null,
                    .null, .null, .integer(1), .integer(200 + number),
                ]
            })
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var queued: QueueRow?
        var tries: [RecordedTry] = []
        var strays = 0
        /// `state hold newHold attempts` or `state at`.
        var expected: String
    }

    static let cases = [
        Case(testDescription: "never tried", queued: queue(), expected: "held restored new 0"),
        Case(testDescription: "never tried, row lost", expected: "held restored new 0"),
        Case(
            testDescription: "held by a person", queued: queue("held", hold: "operator"),
            expected: "held operator kept 0"),
        Case(
            testDescription: "retried after a no", queued: queue(attempts: 1),
            tries: [tried(1, "rejected_for_now")], expected: "pending - kept 1"),
        Case(
            testDescription: "open attempt", queued: queue("sending", attempts: 1), tries: [tried(1, nil)],
            expected: "sending - kept 1"),
        Case(
            testDescription: "unknown", queued: queue("unknown", attempts: 1, unsure: 101),
            tries: [tried(1, "unknown")], expected: "unknown - kept 1"),
        Case(
            testDescription: "open attempt, row lost", tries: [tried(1, nil)],
            expected: "held unknown_outcome new 1"),
        Case(
            testDescription: "unknown, then a no, row lost",
            tries: [tried(1, "unknown"), tried(2, "rejected")], expected: "held unknown_outcome new 2"),
        Case(
            testDescription: "a no, row lost", tries: [tried(1, "rejected_for_now")],
            expected: "held restored new 1"),
        Case(
            testDescription: "row knows less than the attempts", queued: queue(),
            tries: [tried(1, "unknown")], expected: "held unknown_outcome new 1"),
        Case(
            testDescription: "attempts lost", queued: queue(attempts: 2),
            expected: "held unknown_outcome new 2"),
        Case(
            testDescription: "outcome without its attempt", queued: queue(), strays: 1,
            expected: "held unknown_outcome new 0"),
        Case(
            testDescription: "accepted, end lost", queued: queue(attempts: 1), tries: [tried(1, "accepted")],
            expected: "accepted 201"),
        Case(
            testDescription: "accepted before", tries: [tried(1, "unknown"), tried(2, "duplicate")],
            expected: "accepted 202"),
        Case(
            testDescription: "rejected, end lost",
            tries: [tried(1, "rejected_for_now"), tried(2, "rejected")],
            expected: "rejected 202"),
    ]

    @Test("A command without a recorded end", arguments: cases)
    func fate(_ one: Case) throws {
        let record = CommandRecord(
            number: 1, finish: nil, queued: one.queued, rebuilt: Self.queue(), tries: one.tries,
            strays: one.strays)
        switch try record.fate(at: Self.now) {
        case .finished(let row, let isMadeAgain):
            #expect("\(row[1].word ?? "") \(row[2].number ?? 0)" == one.expected && isMadeAgain)
        case .queued(let row, let newHold):
            let queue = QueueRow(row: row)
            let (state, hold) = (queue[.state].word ?? "", queue[.holdReason].word)
            let kind = newHold == nil ? "kept" : "new"
            #expect("\(state) \(hold ?? "-") \(kind) \(queue.number(.attempts))" == one.expected)
            if let newHold {
                #expect(hold == newHold.rawValue && queue[.heldAt] == .integer(Self.now.microseconds))
                #expect(queue.number(.token) >= one.tries.last?.integer(.token) ?? 0)
                if newHold == .unknownOutcome, let first = one.tries.first(where: \.isUnsure) {
                    #expect(queue.number(.firstUnsureAt) == first.integer(.startedAt))
                }
            }
        }
    }

    @Test("What was accepted too late was accepted, unless the queue knows of more")
    func late() throws {
        for (queued, expected) in [(nil, "accepted"), (Self.queue("unknown", attempts: 1, unsure: 101), "")] {
            let record = CommandRecord(
                number: 1, finish: nil, queued: queued, rebuilt: Self.queue(),
                tries: [Self.tried(1, "unknown")],
                strays: 0, acceptedLate: .integer(300))
            var state = ""
            if case .finished(let row, _) = try record.fate(at: Self.now) {
                state = row[1].word ?? ""
                #expect(row[2] == .integer(300))
            }
            #expect(state == expected)
        }
    }

    @Test("A recorded end stays, whatever else is recorded")
    func ended() throws {
        let end: TransferRow = [.integer(1), Self.text("cancelled"), .integer(8), .integer(3)]
        let record = CommandRecord(
            number: 1, finish: end, queued: Self.queue(), rebuilt: nil, tries: [Self.tried(1, nil)], strays: 0
        )
        guard case .finished(let row, let isMadeAgain) = try record.fate(at: Self.now) else {
            Issue.record("it did not end")
            return
        }
        #expect(row == end && !isMadeAgain)
    }

    @Test("What cancels a command in the log cancels it, also where the old queue had forgotten it")
    func cancelled() throws {
        var rebuilt = Self.queue()
        rebuilt[.cancelledBy] = .integer(44)
        for queued in [Self.queue(), Self.queue("held", hold: "operator"), nil] {
            let record = CommandRecord(
                number: 1, finish: nil, queued: queued, rebuilt: rebuilt, tries: [], strays: 0)
            guard case .queued(let row, _) = try record.fate(at: Self.now) else {
                Issue.record("it ended")
                return
            }
            #expect(QueueRow(row: row)[.cancelledBy] == .integer(44))
        }
    }

    @Test("The columns are those of the tables, in their order")
    func columns() {
        #expect(QueueColumn.allCases.map { snake("\($0)") } == TransferTable.queue.columnNames)
        #expect(AttemptColumn.allCases.map { snake("\($0)") } == TransferTable.attempt.columnNames)
        #expect(OutcomeColumn.allCases.map { snake("\($0)") } == TransferTable.outcome.columnNames)
    }

    private func snake(_ name: String) -> String {
        name.replacing("ID", with: "Id").reduce(into: "") { text, letter in
            text += letter.isUppercase ? "_\(letter.lowercased())" : "\(letter)"
        }
    }
}
