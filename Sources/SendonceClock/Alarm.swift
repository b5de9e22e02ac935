// How one thread wakes another.
import Glibc

/// A bell with memory: a ring while nobody waits ends the next wait at once.
///
/// Waits are measured by the monotonic clock: Foundation's conditions wait until a time of day, so that a
/// clock that is set back an hour would make a wait of milliseconds last an hour.
package final class Alarm: @unchecked Sendable {
    // Unchecked because the compiler cannot see that `isRung` is touched only while the mutex is locked.
    private var isRung = false
    // Allocated, because neither may ever move.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    package func ring() {
        pthread_mutex_lock(mutex)
        isRung = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Returns when the alarm rings, or after that many seconds.
    package func wait(seconds: Double) {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = end.tv_nsec + Int(seconds * 1e9)
        end = timespec(tv_sec: end.tv_sec + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isRung, pthread_cond_timedwait(condition, mutex, &end) == 0 {}
        isRung = false
    }
}
