// Where transports put their answers until the dispatcher's thread takes them.
import Synchronization

/// A locked list with a bell. Bounded by what was submitted: every request has one answer.
final class AnswerBox: Sendable {
    private let answers = Mutex<[TransportAnswer]>([])
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    @Sendable func add(_ new: [TransportAnswer]) {
        answers.withLock { $0 += new }
        wake()
    }

    func takeAll() -> [TransportAnswer] {
        answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
    }
}
