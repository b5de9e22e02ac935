// The clocks of a measurement.
import Glibc
import SendonceCore

enum Clock {
    /// Wall time, as the projector and the dispatcher want it.
    static func now() -> Timestamp {
        let time = read(CLOCK_REALTIME)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Nanoseconds of CLOCK_MONOTONIC.
    static func monotonic() -> UInt64 {
        let time = read(CLOCK_MONOTONIC)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Seconds that `body` took.
    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = monotonic()
        try body()
        return Double(monotonic() - start) / 1e9
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
