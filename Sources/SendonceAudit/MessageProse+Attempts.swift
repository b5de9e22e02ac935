// Attempts in sentences: when each began, how it ended, and what the provider said.
import SendonceCore
import SendonceStore

extension MessageProse {
    /// Every attempt, where the standing alone does not tell it all; of many, the first two and the last
    /// ones.
    var attempts: [Prose] {
        let all = history.attempts
        guard !isToldByStanding else { return [] }
        guard all.count > WhyLimits.attemptsTold else { return all.flatMap(sentences) + doubt }
        let left = all.count - WhyLimits.attemptsTold
        let between: Prose = "\(Prose.count(left, "more attempt", "more attempts")) came between."
        return all.prefix(2).flatMap(sentences) + [between]
            + all.suffix(WhyLimits.attemptsTold - 2).flatMap(sentences)
            + doubt
    }

    private var isToldByStanding: Bool {
        guard history.attempts.count == 1, history.attempts[0].lateAnswers.isEmpty else {
            return history.attempts.isEmpty
        }
        switch record.standing {
        case .finished(.accepted, _, _): return history.acceptance != nil
        case .finished(.rejected, _, _): return true
        case .queued(let queue): return queue.state == .sending
        case .finished: return false
        }
    }

    private func sentences(of attempt: AttemptRecord) -> [Prose] {
        let began: Prose = "Attempt \(attempt.attempt) began on \(attempt.startedAt) and "
        guard let outcome = attempt.outcome else { return [began + "has no outcome."] + late(attempt) }
        let at = outcome.finishedAt
        let answer = saying(outcome)
        let left: Prose = outcome.issues == 0 ? ", and nothing of it had left" : ""
        let name: Prose = outcome.verdict.messageID.map { " as message \($0)" } ?? ""
        let end: Prose =
            switch outcome.verdict.outcome {
            case .accepted: "was accepted on \(at)\(name)."
            case .duplicate: "was refused on \(at) as a repeat of an accepted one\(answer)."
            case .rejected: "was rejected for good on \(at)\(left)\(answer)."
            case .rejectedForNow: "was refused for now on \(at)\(left)\(answer)."
            case .unknown: "ended on \(at) with an unknown outcome\(answer)."
            }
        return [began + end] + late(attempt)
    }

    /// Answers that came when somebody else owned the command.
    private func late(_ attempt: AttemptRecord) -> [Prose] {
        attempt.lateAnswers.map { answer in
            let name: Prose = answer.verdict.messageID.map { " as message \($0)" } ?? ""
            let word: Prose =
                switch answer.verdict.outcome {
                case .accepted: "accepted\(name)"
                case .duplicate: "refused as a repeat of an accepted one"
                case .rejected: "rejected for good"
                case .rejectedForNow: "refused for now"
                case .unknown: "unknown"
                }
            return
                "Its dispatcher reported on \(answer.finishedAt), too late to be counted: "
                + "\(word)\(saying(answer))."
        }
    }

    /// What the attempts prove beyond the standing.
    private var doubt: [Prose] {
        if history.isConfirmedDuplicate {
            return ["\(provider.capitalised) gave this e-mail two names, so it accepted it twice."]
        }
        guard case .queued(let queue) = record.standing, queue.state == .held, queue.hold == .unknownOutcome,
            history.attempts.contains(where: { $0.lateAnswers.contains(where: \.provesAcceptance) })
        else { return [] }
        return ["That late answer proves that the e-mail was accepted: a person can resolve it so."]
    }

    /// `: HTTP 400, invalid_parameter, “the words”`; nothing where nothing was said.
    func saying(_ outcome: OutcomeRecord?) -> Prose {
        guard let outcome else { return "" }
        var parts: [Prose] = []
        if let status = outcome.status { parts.append("HTTP \(status)") }
        let isStatus = outcome.status.map { outcome.verdict.code == Text("http_\($0)") } ?? false
        // An acceptance has nothing to explain.
        if outcome.verdict.outcome == .accepted { return "" }
        if !outcome.verdict.code.isEmpty, !isStatus { parts.append("\(outcome.verdict.code)") }
        if !outcome.verdict.words.isEmpty { parts.append("“\(outcome.verdict.words)”") }
        return parts.isEmpty ? "" : " (\(Prose.joined(parts, by: ", ")))"
    }
}

extension OutcomeRecord {
    fileprivate var provesAcceptance: Bool { verdict.outcome == .accepted || verdict.outcome == .duplicate }
}
