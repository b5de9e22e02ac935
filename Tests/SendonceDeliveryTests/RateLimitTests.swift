// The token bucket: properties over random walks through time.
import SendonceCore
import SendonceDelivery
import Testing

@Suite struct RateLimitTests {
    @Test(
        "Between any two moments no more is taken than the burst and what the rate brings", arguments: 1...20)
    func neverTooFast(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        let settings = RateSettings(
            count: Int.random(in: 1...50, using: &numbers),
            per: .seconds(Int64.random(in: 1...60, using: &numbers)),
            burst: Int.random(in: 1...100, using: &numbers))
        var now = Example.epoch
        var limit = RateLimit(settings, at: now)
        var takes: [(time: Timestamp, count: Int)] = []
        for _ in 0..<300 {
            now = now + Span(microseconds: Int64.random(in: 0...2_000_000, using: &numbers))
            takes.append((now, limit.take(upTo: Int.random(in: 0...40, using: &numbers), at: now)))
        }
        for first in takes.indices {
            var sum = 0
            for last in first..<takes.count {
                sum += takes[last].count
                let elapsed = Double((takes[last].time - takes[first].time).microseconds)
                let allowed =
                    Double(settings.burst)
                    + elapsed * Double(settings.count ?? 0) / Double(settings.per.microseconds)
                #expect(Double(sum) <= allowed + 1e-6, "seed \(seed)")
            }
        }
    }

    @Test(
        "Whoever waits until the next moment gets one, and one microsecond earlier gets none",
        arguments: 1...20)
    func next(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        let settings = RateSettings(
            count: Int.random(in: 1...1_000, using: &numbers),
            per: .seconds(Int64.random(in: 1...3_600, using: &numbers)),
            burst: Int.random(in: 1...5, using: &numbers))
        var now = Example.epoch
        var limit = RateLimit(settings, at: now)
        #expect(limit.next(at: now) == now)
        _ = limit.take(upTo: .max, at: now)
        for _ in 0..<50 {
            let next = limit.next(at: now)
            #expect(next > now, "seed \(seed)")
            var early = limit
            #expect(early.take(upTo: 1, at: next - Span(microseconds: 1)) == 0, "seed \(seed)")
            #expect(limit.take(upTo: 1, at: next) == 1, "seed \(seed)")
            now = next
        }
    }

    @Test("Over a long time the rate is reached exactly")
    func rate() {
        var limit = RateLimit(RateSettings(count: 7, per: .seconds(3), burst: 2), at: Example.epoch)
        var taken = 0
        for step in 0...300_000 {
            taken += limit.take(upTo: 10, at: Example.epoch + .milliseconds(Int64(step)))
        }
        #expect(taken == 702)
    }

    @Test("What was taken and not used can be put back, up to the burst")
    func putBack() {
        var limit = RateLimit(RateSettings(count: 1, burst: 5), at: Example.epoch)
        #expect(limit.take(upTo: 9, at: Example.epoch) == 5)
        limit.putBack(2)
        #expect(limit.take(upTo: 9, at: Example.epoch) == 2)
        limit.putBack(.max)
        #expect(limit.take(upTo: 9, at: Example.epoch) == 5)
        limit.putBack(-3)
        #expect(limit.take(upTo: 9, at: Example.epoch) == 0)
    }

    @Test("Without a rate there is no limit; extreme settings and times do not trap")
    func extremes() {
        var free = RateLimit(RateSettings(), at: Example.epoch)
        #expect(free.take(upTo: 1_000_000, at: Example.epoch) == 1_000_000)
        #expect(free.next(at: Example.epoch) == Example.epoch)
        for count in [Int.min, 0, 1, Int.max] {
            for per in [Span(microseconds: .min), Span(microseconds: 0), Span(microseconds: .max)] {
                let settings = RateSettings(count: count, per: per, burst: count)
                var limit = RateLimit(settings, at: Timestamp(microseconds: .min))
                for time in [Int64.max, .min, 0, .max, 1] {
                    let taken = limit.take(upTo: .max, at: Timestamp(microseconds: time))
                    #expect((0...settings.burst).contains(taken))
                    #expect(limit.next(at: Timestamp(microseconds: time)).microseconds >= time)
                }
            }
        }
    }
}
