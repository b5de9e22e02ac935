// Reads and drafts events while the ones before them are decided and written. A draft is a function of event,
// position and rules; the ledger is not asked here.
import Dispatch
import SendonceCore
import SendonceReading
import SendonceStore

/// The events of one batch with their places in the log and their drafts, chunk by chunk, in order.
///
/// A batch of one chunk is read on the caller's thread. A longer one is read on a thread of its own, one
/// chunk ahead of the caller, who must call `end` before using the rules again.
final class ReadAhead: @unchecked Sendable {
    // Unchecked: a chunk is read either by the caller or by `thread`, and whoever did not read it waits for
    // the end of it before touching anything but `thread` and `reading`, which only the caller touches.
    private let taken: [IntakeEvent]
    private let rules: RulesInForce
    private let now: Timestamp
    private var head: LogHead
    private var repeats: Repeats
    private var place = 0
    private var next: [ReadEvent] = []

    private var thread: DispatchQueue?
    private var reading: DispatchWorkItem?

    /// Events to a chunk: a millisecond of work, and the most that nothing is written beside.
    private static let chunkLength = 250

    init(_ taken: [IntakeEvent], after head: LogHead, repeats: Repeats, rules: RulesInForce, now: Timestamp) {
        self.taken = taken
        self.head = head
        self.repeats = repeats
        self.rules = rules
        self.now = now
        guard taken.count > Self.chunkLength else { return }
        thread = DispatchQueue(label: "sendonce.read-ahead", qos: .userInitiated)
        start()
    }

    /// The next chunk; empty after the last one.
    func chunk() -> [ReadEvent] {
        if reading != nil { end() } else { readChunk() }
        let chunk = next
        next = []
        if place < taken.count { start() }
        return chunk
    }

    /// Waits until nothing is read any more.
    func end() {
        reading?.wait()
        reading = nil
    }

    private func start() {
        let item = DispatchWorkItem { self.readChunk() }
        reading = item
        thread?.async(execute: item)
    }

    private func readChunk() {
        let end = min(place + Self.chunkLength, taken.count)
        next = taken[place..<end].map { intake in
            head = head.adding(intake.event)
            let logged = LoggedEvent(
                position: head.position, event: intake.event, link: head.link, recordedAt: now)
            let drafts =
                if let first = repeats.firstPosition(of: intake.event, at: head.position) {
                    [Projector.Draft(kind: .decided(.repeatedEvent(of: first)))]
                } else {
                    rules.draft(intake.event, at: head.position)
                }
            return ReadEvent(sequence: intake.sequence, logged: logged, drafts: drafts)
        }
        place = end
    }
}

/// An intake row with its place in the log and what is left to ask the ledger.
struct ReadEvent {
    var sequence: Int64
    var logged: LoggedEvent
    var drafts: [Projector.Draft]
}
