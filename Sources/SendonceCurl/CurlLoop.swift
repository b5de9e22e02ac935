// The loop that drives all requests of a transport on one thread. Nothing here is shared: others reach it
// through `Submissions` only.

import CCurl
import SendonceDelivery

/// Takes submissions, keeps up to `concurrency` of their requests in flight, and gives the answers.
final class CurlLoop {
    private struct Waiting {
        let requests: [TransportRequest]
        let batch: AnswerBatch
        var next = 0
    }

    let submissions: Submissions
    private let multi: MultiHandle
    private let transfers: [Transfer]
    private var idle: [Transfer]
    private var waiting: [Waiting] = []
    private var firstWaiting = 0
    private var waitingCount = 0
    /// Batches with answers that were not given yet.
    private var ready: [AnswerBatch] = []

    init(_ settings: CurlSettings) throws(CurlError) {
        multi = try MultiHandle(keptConnections: settings.concurrency)
        submissions = Submissions(bell: multi.bell)
        var made: [Transfer] = []
        for _ in 0..<settings.concurrency { made.append(try Transfer(settings)) }
        transfers = made
        idle = made
    }

    /// Runs until the submissions are closed; returns after every request was answered.
    func run() {
        while true {
            let (incoming, isClosing) = submissions.take()
            for submission in incoming { enqueue(submission) }
            if isClosing { break }
            startWaiting()
            giveAnswers()
            // With a request just started libcurl has a timer that has run out, and the wait is a look.
            if submissions.fallAsleep() { multi.wait(atMost: CurlLimits.longestSleep) }
            multi.perform()
            collectEnded()
            giveAnswers()
        }
        answerRest()
    }

    private func enqueue(_ submission: Submission) {
        guard !submission.requests.isEmpty else { return }
        guard waitingCount + submission.requests.count <= CurlLimits.waitingRequests else {
            submission.answerUnsent(.tooManyWaiting)
            return
        }
        waiting.append(Waiting(requests: submission.requests, batch: AnswerBatch(submission.answered)))
        waitingCount += submission.requests.count
    }

    private func startWaiting() {
        while waitingCount > 0, let transfer = idle.last {
            let batch = waiting[firstWaiting].batch
            let request = takeWaiting()
            if let refusal = transfer.prepare(request) {
                keep(TransportAnswer(unsent: request, refusal), for: batch)
            } else if !multi.add(transfer.handle) {
                keep(TransportAnswer(unsent: request, .handleRefused), for: batch)
            } else {
                transfer.batch = batch
                idle.removeLast()
            }
        }
    }

    private func takeWaiting() -> TransportRequest {
        let next = waiting[firstWaiting].next
        let request = waiting[firstWaiting].requests[next]
        waitingCount -= 1
        if next + 1 < waiting[firstWaiting].requests.count {
            waiting[firstWaiting].next = next + 1
            return request
        }
        firstWaiting += 1
        // Moving the rest down only once half is used up keeps a long queue linear.
        if firstWaiting * 2 >= waiting.count {
            waiting.removeFirst(firstWaiting)
            firstWaiting = 0
        }
        return request
    }

    private func collectEnded() {
        while let (handle, code) = multi.nextEnded() {
            guard let transfer = Transfer.owner(of: handle) else { continue }
            multi.remove(handle)
            release(transfer, with: transfer.end(code))
        }
    }

    private func release(_ transfer: Transfer, with answer: TransportAnswer) {
        if let batch = transfer.batch { keep(answer, for: batch) }
        transfer.batch = nil
        idle.append(transfer)
    }

    private func keep(_ answer: TransportAnswer, for batch: AnswerBatch) {
        if batch.add(answer) { ready.append(batch) }
    }

    private func giveAnswers() {
        guard !ready.isEmpty else { return }
        for batch in ready { batch.give() }
        ready.removeAll(keepingCapacity: true)
    }

    /// Answers whatever is left: what has ended by now as it ended, what is in flight as it stands, the rest
    /// as not sent. Nothing is issued from here on.
    private func answerRest() {
        for transfer in transfers where transfer.batch != nil { transfer.refuseIssues() }
        multi.perform()
        collectEnded()
        for transfer in transfers where transfer.batch != nil {
            multi.remove(transfer.handle)
            release(transfer, with: transfer.cutOff())
        }
        while waitingCount > 0 {
            let batch = waiting[firstWaiting].batch
            keep(TransportAnswer(unsent: takeWaiting(), .closed), for: batch)
        }
        giveAnswers()
        for submission in submissions.end() { submission.answerUnsent(.closed) }
    }
}
