// Replay beside a live system: whoever decides and sends comes first.
import Glibc

package enum Courtesy {
    /// From here on this process takes the processors that nobody else wants: `nice` 19, which on Linux holds
    /// for the calling thread and for all that are begun after it. To be called before there is another one.
    ///
    /// Not guaranteed: anything on the database's server, whose processes know nothing of it.
    package static func giveWay() {
        // A refusal would only mean that it takes more than it need.
        _ = nice(19)
    }
}
