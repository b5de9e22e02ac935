// The delivery state machine, over every combination of history and verdict in a small space.
import SendonceCore
import Testing

@Suite struct DeliveryStateTests {
    private struct Step {
        var history: DeliveryHistory
        var verdict: Verdict
        var capability: Capability
        var now: Timestamp
        var startedAt: Timestamp
        var result: DeliveryStep

        /// The first attempt that may have arrived, this one included.
        var firstUnsureAt: Timestamp? {
            history.firstUnsureAt ?? (verdict.outcome == .unknown ? startedAt : nil)
        }
    }

    private static let schedule = RetrySchedule()
    private static let window = KeyWindow(length: .minutes(15), margin: .minutes(5))

    private static let steps: [Step] = {
        let startedAt = Timestamp(microseconds: 1_000_000_000_000)
        let command = CommandID(key: DigestBuilder.digest(of: [1]), slot: "forever", generation: 1)
        var verdicts: [Verdict] = [.leaseLapsed, .neverLeft]
        for outcome in Outcome.allCases {
            for counts in [true, false] {
                for wait: Span? in [nil, .seconds(1), .minutes(9), .days(2)] {
                    verdicts.append(Verdict(outcome, counts: counts, code: "c", retryAfter: wait))
                }
            }
        }
        var steps: [Step] = []
        for verdict in verdicts {
            for capability: Capability in [.replay(window), .refuse(window), .idempotent, .none] {
                for onUnknown in [nil] + OnUnknown.allCases {
                    for attempt in [1, 2, 3, 8, 12, 13, 40] {
                        for counted in [0, attempt / 2, attempt - 1] {
                            for unsure: Span? in [nil, .seconds(5), .minutes(9), .minutes(10), .days(1)] {
                                let history = DeliveryHistory(
                                    command: command, attempt: attempt, counted: counted,
                                    firstUnsureAt: unsure.map { startedAt - $0 }, expiresAt: nil,
                                    onUnknown: onUnknown)
                                let now = startedAt + .seconds(30)
                                steps.append(
                                    Step(
                                        history: history, verdict: verdict, capability: capability, now: now,
                                        startedAt: startedAt,
                                        result: history.step(
                                            after: verdict, startedAt: startedAt, now: now,
                                            capability: capability,
                                            schedule: schedule)))
                            }
                        }
                    }
                }
            }
        }
        return steps
    }()

    @Test("Accepted and duplicate end a command accepted, whatever came before")
    func accepted() {
        for step in Self.steps where [.accepted, .duplicate].contains(step.verdict.outcome) {
            #expect(step.result == .finish(.accepted))
        }
    }

    @Test("No other outcome ends a command accepted")
    func notAccepted() {
        for step in Self.steps where ![.accepted, .duplicate].contains(step.verdict.outcome) {
            #expect(step.result != .finish(.accepted), "\(step)")
        }
    }

    @Test(
        "Once one may have arrived, another attempt is planned only in the key's window or if the rule says retry"
    )
    func window() {
        for step in Self.steps {
            guard case .retry(let due, let state) = step.result, let unsure = step.firstUnsureAt else {
                continue
            }
            #expect(state == .unknown, "\(step)")
            guard step.history.onUnknown != .retry else { continue }
            #expect(step.history.onUnknown == nil, "\(step)")
            let safe = step.capability.safeUntil(firstUnsureAt: unsure)
            #expect(safe.map { due < $0 } == true, "\(step)")
        }
    }

    @Test(
        "A provider without a key gets no second request after an unknown outcome, unless the rule says retry"
    )
    func noKey() {
        for step in Self.steps
        where step.capability == .none && step.firstUnsureAt != nil && step.history.onUnknown != .retry {
            switch step.result {
            case .retry: Issue.record("\(step)")
            case .finish(let state): #expect(state == .accepted, "\(step)")
            case .hold(let reason): #expect(reason == .unknownOutcome, "\(step)")
            }
        }
    }

    @Test("A command is dead or rejected only if no attempt of it may have arrived")
    func deadOnlyIfSure() {
        for step in Self.steps where step.firstUnsureAt != nil {
            #expect(step.result != .finish(.dead), "\(step)")
            #expect(step.result != .finish(.rejected), "\(step)")
        }
    }

    @Test("Attempts that do not count never make a command dead while there are attempts left")
    func uncounted() {
        for step in Self.steps
        where step.verdict.outcome == .rejectedForNow && !step.verdict.counts
            && step.history.counted < Self.schedule.attemptLimit
        {
            #expect(step.result != .finish(.dead), "\(step)")
        }
    }

    @Test("Attempts are bounded: with the limit used up nothing is retried")
    func bounded() {
        for step in Self.steps
        where step.verdict.outcome == .unknown && step.history.counted + 1 >= Self.schedule.attemptLimit {
            #expect(step.result == .hold(.unknownOutcome), "\(step)")
        }
        for step in Self.steps
        where step.verdict.outcome == .rejectedForNow && step.verdict.counts
            && step.history.counted + 1 >= Self.schedule.attemptLimit
        {
            if case .retry = step.result { Issue.record("\(step)") }
        }
    }

    @Test(
        "A retry is never earlier than the provider asked, nor than the schedule, but to stay in a key's window"
    )
    func due() {
        for step in Self.steps {
            guard case .retry(let due, let state) = step.result else { continue }
            let counts = step.verdict.outcome == .unknown || step.verdict.counts
            let delay = Self.schedule.delay(
                afterAttempt: step.history.attempt, counted: step.history.counted + (counts ? 1 : 0),
                of: step.history.command)
            if state == .pending || step.history.onUnknown == .retry {
                #expect(due >= step.now + delay, "\(step)")
            }
            // Never at once, however little is left of the window.
            #expect(due >= step.now + min(delay, .seconds(5)), "\(step)")
            if let wait = step.verdict.retryAfter { #expect(due >= step.now + wait, "\(step)") }
        }
    }

    /// The wait after the eleventh attempt.
    private func wait(after verdict: Verdict, counted: Int) throws -> Span {
        let command = CommandID(key: DigestBuilder.digest(of: [1]), slot: "forever", generation: 1)
        let now = Timestamp(microseconds: 1_000_000_000_000)
        let history = DeliveryHistory(
            command: command, attempt: 11, counted: counted, firstUnsureAt: nil, expiresAt: nil,
            onUnknown: nil)
        let step = history.step(
            after: verdict, startedAt: now, now: now, capability: .idempotent, schedule: Self.schedule)
        guard case .retry(let due, _) = step else {
            Issue.record("\(step)")
            return .milliseconds(0)
        }
        return due - now
    }

    @Test("Attempts that do not count do not lengthen the waits; those that count double them")
    func lengths() throws {
        let throttled = Verdict(
            .rejectedForNow, counts: false, code: "http_429", retryAfter: .seconds(1), trouble: .throttled)
        let refused = Verdict(.rejectedForNow, code: "http_500")
        let unknown = Verdict(.unknown, code: "curl_28")
        for verdict in [throttled, .neverLeft] {
            for counted in [0, 1] {
                #expect(try wait(after: verdict, counted: counted) <= .seconds(2), "\(verdict)")
            }
            #expect(try wait(after: verdict, counted: 10) > .seconds(500), "\(verdict)")
        }
        for verdict in [refused, unknown] {
            #expect(try wait(after: verdict, counted: 0) <= .seconds(2), "\(verdict)")
            #expect(try wait(after: verdict, counted: 10) >= .seconds(1_024), "\(verdict)")
        }
    }

    @Test("A definite no without doubt before it leads to another attempt or an end, never to a hold")
    func definite() {
        for step in Self.steps where step.firstUnsureAt == nil {
            if case .hold = step.result { Issue.record("\(step)") }
            if case .retry(_, let state) = step.result { #expect(state == .pending, "\(step)") }
        }
    }

    @Test("The only reason to hold after an attempt is an unknown outcome")
    func holds() {
        var count = 0
        for step in Self.steps {
            guard case .hold(let reason) = step.result else { continue }
            count += 1
            #expect(reason == .unknownOutcome)
        }
        #expect(count > 0)
    }
}
