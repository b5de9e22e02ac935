// When to try again: properties over many ids and attempts.
import SendonceCore
import Testing

@Suite struct RetryScheduleTests {
    private let schedule = RetrySchedule()

    /// Ids that differ in every bit, from a fixed sequence.
    private var commands: [CommandID] {
        (0..<200).map {
            CommandID(key: DigestBuilder.digest(of: [UInt8($0)]), slot: "forever", generation: 1)
        }
    }

    @Test("A delay lies between half of and the whole exponential step, and never above the longest")
    func bounds() {
        for command in commands {
            for attempt in 1...64 {
                let step = attempt > 12 ? Span.hours(1) : min(.seconds(2 << (Int64(attempt) - 1)), .hours(1))
                let delay = schedule.delay(afterAttempt: attempt, counted: attempt, of: command)
                #expect(delay.microseconds >= step.microseconds / 2, "attempt \(attempt) of \(command)")
                #expect(delay <= step, "attempt \(attempt) of \(command)")
            }
        }
    }

    @Test("Until the longest is reached, each delay is at least as long as the one before")
    func monotone() {
        for command in commands {
            let delays = (1...11).map { schedule.delay(afterAttempt: $0, counted: $0, of: command) }
            #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 }, "\(command)")
        }
    }

    @Test("The same attempt of the same command always waits as long; different commands spread out")
    func reproducible() {
        for attempt in 1...12 {
            let delays = commands.map { schedule.delay(afterAttempt: attempt, counted: attempt, of: $0) }
            #expect(
                delays == commands.map { schedule.delay(afterAttempt: attempt, counted: attempt, of: $0) })
            #expect(Set(delays).count > commands.count * 9 / 10)
        }
    }

    @Test("Attempts that do not count change the jitter and not the step")
    func uncounted() {
        for command in commands {
            let delays = (1...64).map { schedule.delay(afterAttempt: $0, counted: 3, of: command) }
            #expect(delays.allSatisfy { $0 >= .seconds(4) && $0 <= .seconds(8) }, "\(command)")
            #expect(Set(delays).count > 60, "\(command)")
            #expect(schedule.delay(afterAttempt: 9, counted: 0, of: command) <= .seconds(2), "\(command)")
        }
    }

    @Test("Absurdly many attempts and long settings give a delay within bounds instead of a trap")
    func extremes() {
        let wide = RetrySchedule(base: .days(300_000), longest: .days(365_000))
        for command in commands.prefix(20) {
            for attempt in [1, 2, 41, 1_000_000, Int.max] {
                for schedule in [schedule, wide] {
                    let delay = schedule.delay(afterAttempt: attempt, counted: attempt, of: command)
                    #expect(delay.microseconds > 0)
                    #expect(delay <= schedule.longest)
                }
            }
        }
    }
}
