// The clock that issue deadlines are made with and measured on, wherever that is.
import Glibc

package enum Monotonic {
    /// Nanoseconds of `CLOCK_BOOTTIME`, which nobody sets, and which goes on while the machine is suspended:
    /// a lease runs out meanwhile, and a provider forgets a key.
    package static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
