// Replay beside a live system: whoever decides and sends comes first.
import Glibc

package enum Courtesy {
    /// From here on this process takes the processors that nobody else wants: the scheduling policy
    /// SCHED_IDLE (https://man7.org/linux/man-pages/man7/sched.7.html), which gives up a processor at once to
    /// whoever wakes on it. It holds for the calling thread and for all that are begun after it: to be called
    /// before there is another one. It is for good: the way back takes a privilege. `nice` would not do:
    /// libdispatch sets that of its threads itself.
    ///
    /// Not guaranteed: anything on the database's server, whose processes know nothing of it; and that this
    /// process gets on at all where others want all processors all the time.
    package static func giveWay() {
        var none = sched_param(sched_priority: 0)
        // A refusal would only mean that it takes more than it need.
        _ = sched_setscheduler(0, idlePolicy, &none)
    }

    /// SCHED_IDLE of linux/sched.h, which Swift's Glibc does not have.
    private static let idlePolicy: Int32 = 5
}
