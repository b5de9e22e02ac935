// The one place where the live system reads a clock; everything below receives the time as an argument.
import Glibc
import SendonceCore

enum SystemClock {
    /// Wall time.
    static func now() -> Timestamp {
        let time = read(CLOCK_REALTIME)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Nanoseconds of CLOCK_BOOTTIME, which no administrator sets back, and which goes on while the machine
    /// is suspended, as leases, expiries and providers' memories do.
    static func monotonic() -> UInt64 {
        let time = read(CLOCK_BOOTTIME)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}
