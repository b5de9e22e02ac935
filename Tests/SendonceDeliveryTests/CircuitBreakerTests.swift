// When a route pauses, for how long, and how it comes back.
import SendonceCore
import SendonceDelivery
import Testing

@Suite struct CircuitBreakerTests {
    private let start = Example.epoch
    private let accepted = Verdict(.accepted, code: "http_201")
    private let down = Verdict(.unknown, code: "http_503", words: "busy", trouble: .server)
    private let wrongKey = Verdict(
        .rejectedForNow, counts: false, code: "unauthorized", words: "Key not found", trouble: .account)

    private func throttled(_ wait: Span?) -> Verdict {
        Verdict(.rejectedForNow, counts: false, code: "http_429", retryAfter: wait, trouble: .throttled)
    }

    @Test("A closed breaker admits what is wanted")
    func closed() {
        var breaker = CircuitBreaker()
        #expect(breaker.admit(upTo: 50, at: start) == 50)
        #expect(breaker.admit(upTo: 0, at: start) == 0)
        #expect(breaker.opening == nil)
    }

    @Test(
        "Account and credit trouble open it at once, and it says why",
        arguments: [RouteTrouble.account, .credit])
    func account(trouble: RouteTrouble) throws {
        var breaker = CircuitBreaker()
        var verdict = wrongKey
        verdict.trouble = trouble
        breaker.note(verdict, at: start)
        #expect(breaker.admit(upTo: 50, at: start) == 0)
        #expect(breaker.admit(upTo: 50, at: start + .seconds(30) - Span(microseconds: 1)) == 0)
        let opening = try #require(breaker.opening)
        #expect(opening.trouble == trouble)
        #expect(breaker.nextAt == start + .seconds(30))
        #expect(opening.description.contains("Key not found"))
        #expect(opening.description.contains(trouble == .account ? "refuses the account" : "no credit"))
    }

    @Test("Server trouble opens it when it is sustained, and an answer in between begins the count anew")
    func server() {
        var breaker = CircuitBreaker()
        for second in 0..<4 { breaker.note(down, at: start + .seconds(Int64(second))) }
        breaker.note(accepted, at: start + .seconds(4))
        for second in 5..<9 { breaker.note(down, at: start + .seconds(Int64(second))) }
        #expect(breaker.admit(upTo: 9, at: start + .seconds(9)) == 9)
        breaker.note(down, at: start + .seconds(9))
        #expect(breaker.admit(upTo: 9, at: start + .seconds(9)) == 0)
    }

    @Test("Server trouble now and then does not open it")
    func rare() {
        var breaker = CircuitBreaker()
        for minute in 0..<100 { breaker.note(down, at: start + .minutes(Int64(minute))) }
        #expect(breaker.state == .closed)
    }

    @Test("After the pause one probe goes, and no second one while it is out")
    func probe() {
        var breaker = CircuitBreaker()
        breaker.note(wrongKey, at: start)
        let later = start + .seconds(30)
        #expect(breaker.admit(upTo: 50, at: later) == 1)
        #expect(breaker.admit(upTo: 50, at: later) == 0)
        #expect(breaker.admit(upTo: 50, at: later + .hours(9)) == 0)
        breaker.note(accepted, at: later)
        #expect(breaker.admit(upTo: 50, at: later) == 50)
        #expect(breaker.opening == nil)
    }

    @Test(
        "A probe that found nothing to send, or never left, is replaced by another", arguments: [true, false])
    func releasedProbe(byRelease: Bool) {
        var breaker = CircuitBreaker()
        breaker.note(wrongKey, at: start)
        let later = start + .seconds(30)
        #expect(breaker.admit(upTo: 5, at: later) == 1)
        if byRelease { breaker.release() } else { breaker.note(.neverLeft, at: later) }
        #expect(breaker.admit(upTo: 5, at: later) == 1)
        #expect(breaker.admit(upTo: 5, at: later) == 0)
    }

    @Test("The pause doubles from 30 seconds to 15 minutes, and a success forgets that")
    func doubling() {
        var breaker = CircuitBreaker()
        var now = start
        for expected: Int64 in [30, 60, 120, 240, 480, 900, 900, 900] {
            breaker.note(wrongKey, at: now)
            #expect(breaker.nextAt == now + .seconds(expected))
            now = now + .seconds(expected)
            #expect(breaker.admit(upTo: 5, at: now) == 1)
        }
        breaker.note(accepted, at: now)
        breaker.note(wrongKey, at: now)
        #expect(breaker.nextAt == now + .seconds(30))
    }

    @Test("A single server trouble of the probe opens it again")
    func failedProbe() {
        var breaker = CircuitBreaker()
        for _ in 0..<5 { breaker.note(down, at: start) }
        let later = start + .seconds(30)
        #expect(breaker.admit(upTo: 5, at: later) == 1)
        breaker.note(down, at: later)
        #expect(breaker.nextAt == later + .minutes(1))
    }

    @Test("Late answers of requests that were in flight neither lengthen the pause by doubling nor close it")
    func lateAnswers() {
        var breaker = CircuitBreaker()
        for second in 0..<40 { breaker.note(wrongKey, at: start + .milliseconds(Int64(second))) }
        #expect(breaker.nextAt == start + .seconds(30))
        breaker.note(accepted, at: start + .seconds(1))
        #expect(breaker.admit(upTo: 5, at: start + .seconds(2)) == 0)
        for _ in 0..<40 { breaker.note(down, at: start + .seconds(3)) }
        #expect(breaker.nextAt == start + .seconds(30))
        #expect(breaker.opening?.trouble == .account)
    }

    @Test("Throttling pauses for as long as the provider asked, without doubling")
    func throttling() {
        var breaker = CircuitBreaker()
        for round in 0..<10 {
            let now = start + .hours(Int64(round))
            breaker.note(throttled(.seconds(7)), at: now)
            #expect(breaker.nextAt == now + .seconds(7))
            #expect(breaker.admit(upTo: 5, at: now + .seconds(7)) == 1)
        }
        breaker.note(throttled(nil), at: start + .days(1))
        #expect(breaker.nextAt == start + .days(1) + .seconds(5))
        breaker.note(throttled(.minutes(2)), at: start + .days(1))
        #expect(breaker.nextAt == start + .days(1) + .minutes(2))
        breaker.note(throttled(.seconds(1)), at: start + .days(1))
        #expect(breaker.nextAt == start + .days(1) + .minutes(2))
    }

    @Test("Graver trouble takes over a throttled pause and never shortens it")
    func graver() {
        var breaker = CircuitBreaker()
        breaker.note(throttled(.minutes(5)), at: start)
        breaker.note(wrongKey, at: start + .seconds(1))
        #expect(breaker.opening?.trouble == .account)
        #expect(breaker.nextAt == start + .minutes(5))
        breaker.note(throttled(.minutes(9)), at: start + .seconds(2))
        #expect(breaker.opening?.trouble == .account)
        #expect(breaker.nextAt == start + .seconds(2) + .minutes(9))
    }

    @Test("After a clock that went back a probe goes at once, and the next pause is one by the new time")
    func clockWentBack() {
        let back = start - .hours(1)
        var breaker = CircuitBreaker()
        breaker.note(wrongKey, at: start)
        #expect(breaker.admit(upTo: 5, at: back) == 1)
        #expect(breaker.admit(upTo: 5, at: back) == 0)
        breaker.note(wrongKey, at: back)
        #expect(breaker.nextAt == back + .minutes(1))
    }

    @Test("A late answer after a clock that went back does not keep the pause of the old time")
    func lateAnswerAfterClockWentBack() {
        let back = start - .hours(1)
        var breaker = CircuitBreaker()
        breaker.note(throttled(.minutes(5)), at: start)
        breaker.note(throttled(.seconds(9)), at: back)
        #expect(breaker.nextAt == back + .seconds(9))
        var graver = CircuitBreaker()
        graver.note(throttled(.minutes(5)), at: start)
        graver.note(wrongKey, at: back)
        #expect(graver.nextAt == back + .seconds(30))
    }

    @Test(
        "While it is open nothing is admitted, and at most one after that, over random histories",
        arguments: 1...20)
    func histories(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var breaker = CircuitBreaker()
        var now = start
        for _ in 0..<2_000 {
            now = now + Span(microseconds: Int64.random(in: 0...20_000_000, using: &numbers))
            let verdicts = [
                accepted, down, wrongKey, throttled(.seconds(9)), throttled(nil), .neverLeft, .leaseLapsed,
            ]
            let before = breaker
            if Bool.random(using: &numbers), let verdict = verdicts.randomElement(using: &numbers) {
                breaker.note(verdict, at: now)
                if case .open(let old) = before.state, case .open(let new) = breaker.state {
                    #expect(new.until >= old.until, "seed \(seed)")
                }
            } else {
                let admitted = breaker.admit(upTo: 10, at: now)
                switch before.state {
                case .closed: #expect(admitted == 10, "seed \(seed)")
                case .open(let opening): #expect(admitted == (now >= opening.until ? 1 : 0), "seed \(seed)")
                case .halfOpen(_, let isProbing): #expect(admitted == (isProbing ? 0 : 1), "seed \(seed)")
                }
            }
            if case .open(let opening) = breaker.state, case .closed = before.state {
                #expect(opening.until > now, "seed \(seed)")
            }
        }
    }
}
