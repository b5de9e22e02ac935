// Answers to the requests of one submission, gathered during a turn of the loop and given away in one call.

import CCurl
import SendonceDelivery

/// What was submitted in one call, on its way to the loop.
struct Submission: Sendable {
    let requests: [TransportRequest]
    let answered: @Sendable ([TransportAnswer]) -> Void

    /// Answers all requests as not sent, on the calling thread.
    func answerUnsent(_ refusal: Transfer.Refusal) {
        guard !requests.isEmpty else { return }
        answered(requests.map { TransportAnswer(unsent: $0, refusal) })
    }
}

/// Where the answers of one submission gather. Belongs to the loop's thread.
final class AnswerBatch {
    private let answered: @Sendable ([TransportAnswer]) -> Void
    private var answers: [TransportAnswer] = []

    init(_ answered: @escaping @Sendable ([TransportAnswer]) -> Void) {
        self.answered = answered
    }

    /// Returns whether it is the first since `give`.
    func add(_ answer: TransportAnswer) -> Bool {
        answers.append(answer)
        return answers.count == 1
    }

    func give() {
        let ready = answers
        answers = []
        answered(ready)
    }
}

extension TransportAnswer {
    /// A request that never reached libcurl.
    init(unsent request: TransportRequest, _ refusal: Transfer.Refusal) {
        self.init(
            number: request.number, code: Int32(bitPattern: refusal.code.rawValue), message: refusal.message,
            issues: 0, bodyBytesSent: 0)
    }
}
