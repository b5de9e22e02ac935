// The clocks of a measurement.
import Glibc
import SendonceClock
import SendonceCore

enum Clock {
    /// Wall time, as the projector and the dispatcher want it.
    static func now() -> Timestamp {
        let time = read(CLOCK_REALTIME)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// What `body` cost.
    static func cost(_ body: () throws -> Void) rethrows -> Cost {
        let start = (clock: Monotonic.now(), processor: nanoseconds(read(CLOCK_THREAD_CPUTIME_ID)))
        try body()
        let processor = nanoseconds(read(CLOCK_THREAD_CPUTIME_ID)) - start.processor
        return Cost(seconds: Double(Monotonic.now() - start.clock) / 1e9, processor: Double(processor) / 1e9)
    }

    /// Processor time of this process so far, all its threads together, in seconds.
    static func processorSeconds() -> Double {
        Double(nanoseconds(read(CLOCK_PROCESS_CPUTIME_ID))) / 1e9
    }

    private static func nanoseconds(_ time: timespec) -> UInt64 {
        UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
