// What can be said of a page's events before the ledger is asked, as rows and plain values: a thread that
// takes them over from another shares no counted reference with it.
import SendonceCore
import SendonceStore

/// One draft.
struct DraftEntry {
    enum Kind {
        /// Decided without the ledger, with the reason that has this place in `Reason.words`.
        case decided(Int)
        /// Competes for its key.
        case claims(Window)
        /// Ends the command that won the key last.
        case cancels
    }

    var kind: Kind
    /// The key that is asked for; zero where none is.
    var key = Digest.zero
    var occurredAt = Timestamp.earliest
    var position: Int64
    /// The row of its command and of its winner, if it claims.
    var claim = 0
    /// Where the entries of its event end.
    var end = 0
}

/// The drafts of some consecutive events. Filled, read, and filled again; used by one thread at a time.
final class Drafts: @unchecked Sendable {
    // Unchecked: as `RecordPage`, with which it is handed on.
    /// What was in force when these were made; nil: there are none.
    var activation: Activation?
    /// The events' places in their page.
    var events = 0..<0
    /// In the order in which they are settled.
    // Nothing calls back while entries are added; checking that each time takes longer than adding.
    @exclusivity(unchecked) var entries: [DraftEntry] = []
    /// Indices of `entries` in the order in which the decisions of each event are recorded.
    @exclusivity(unchecked) var order: [Int] = []
    /// `DecisionRow` for each entry; of one that claims as if it won.
    let decisions = RowBuffer(capacity: 1 << 17)
    /// `CommandRow` for each entry that claims, without its number.
    let commands = RowBuffer(capacity: 1 << 17)
    /// `LedgerRow` for each entry that claims, without its number.
    let winners = RowBuffer(capacity: 1 << 17)

    func removeAll() {
        activation = nil
        events = 0..<0
        entries.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
        decisions.removeAll()
        commands.removeAll()
        winners.removeAll()
    }
}
