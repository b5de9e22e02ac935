// One host, one clock.
import Glibc
package import SendonceCore
package import SendonceStore

extension SQLiteStore: StoreClock {
    package func now() throws(StoreError) -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
