// What lies between dispatchers and provider: requests that wait, travel, get lost, and answers that come
// late or never.
import SendonceCore
import SendonceDelivery
import SendonceJSON
import Synchronization

/// An attempt, as the provider's key and the claim name it.
struct AttemptName: Hashable {
    var command: String
    var attempt: Int
}

/// A request on its way to the provider. It arrives whatever becomes of the process that issued it.
struct TravellingMessage {
    var key: String
    var arrivesAt: Timestamp
    var treatment: Treatment
    var dispatcher: Int
    var incarnation: Int
    var number: UInt64
}

extension World {
    /// Lets time pass; everything that the network does until then happens at its own moment.
    func advance(to target: Timestamp) {
        while let next = nextEvent(before: target) {
            now = max(now, next.at)
            switch next.what {
            case .message(let index): arrive(messages.remove(at: index))
            case .flight(let dispatcher, let index): progress(dispatcher, index)
            }
        }
        now = max(now, target)
    }

    private enum Happening {
        case message(Int)
        case flight(dispatcher: Int, index: Int)
    }

    private func nextEvent(before target: Timestamp) -> (at: Timestamp, what: Happening)? {
        var first: (at: Timestamp, what: Happening)?
        func offer(_ time: Timestamp, _ what: Happening) {
            if time <= target, first.map({ time < $0.at }) ?? true { first = (time, what) }
        }
        for (index, message) in messages.enumerated() { offer(message.arrivesAt, .message(index)) }
        for (place, process) in dispatchers.enumerated() where !process.isPaused {
            process.life?.transport.state.withLock { state in
                for (index, flight) in state.flights.enumerated() {
                    offer(flight.nextAt, .flight(dispatcher: place, index: index))
                }
            }
        }
        return first
    }

    var hasTraffic: Bool {
        !messages.isEmpty
            || dispatchers.contains { $0.life?.transport.state.withLock { !$0.flights.isEmpty } ?? false }
    }

    /// Takes what a turn submitted into the air.
    func launch(_ place: Int) {
        guard let life = dispatchers[place].life else { return }
        let submitted = life.transport.state.withLock { state in
            defer { state.arrivals = [] }
            return state.arrivals
        }
        let skew = dispatchers[place].skew
        for (request, answered) in submitted {
            let key = World.key(in: request.body)
            let attempt = life.queue.state.withLock { $0.attempts[key] } ?? 0
            let delay = hasFaults && die.chance(15) ? die.number(0...40_000_000) : die.number(0...5_000)
            let flight = Flight(
                request: request, answered: answered, key: key, issueAt: now + Span(microseconds: delay),
                skew: skew,
                attempt: attempt)
            life.transport.state.withLock { $0.flights.append(flight) }
        }
    }

    /// The idempotency key where Brevo looks for it.
    private static func key(in body: [UInt8]) -> String {
        guard
            case .string(let key)? = (try? PayloadReader.document(body))?.member("headers")?.member(
                "idempotencyKey")
        else {
            return ""
        }
        return key.string
    }

    // MARK: The way of one request

    private func progress(_ place: Int, _ index: Int) {
        guard let life = dispatchers[place].life else { return }
        let flight = life.transport.state.withLock { $0.flights[index] }
        guard flight.isIssued else { return issue(flight, place, index) }
        if let answer = flight.answer, answer.at <= flight.patienceEnd {
            deliver(answer.answer, place, index)
        } else {
            deliver(silence(flight, code: 28), place, index)
        }
    }

    private func issue(_ flight: Flight, _ place: Int, _ index: Int) {
        guard let life = dispatchers[place].life else { return }
        if monotonic > flight.request.issueDeadline, mechanism != .issueDeadline {
            return deliver(silence(flight, code: 42, issues: 0), place, index)
        }
        let treatment = drawTreatment()
        if treatment == .refused { return deliver(silence(flight, code: 7, issues: 0), place, index) }
        let name = AttemptName(command: flight.key, attempt: flight.attempt)
        issues[name, default: 0] += 1
        note("dispatcher \(place + 1) issues \(flight.key.prefix(8)) attempt \(flight.attempt): \(treatment)")
        checkIssue(flight)
        var flight = flight
        flight.isIssued = true
        flight.issueAt = now
        switch treatment {
        case .cutBody:
            var answer = silence(flight, code: 55)
            answer.bodyBytesSent -= 1
            flight.answer = (now + latency(), answer)
        case .lost:
            if die.chance(50) { flight.answer = (now + latency(), silence(flight, code: 56)) }
        default:
            messages.append(
                TravellingMessage(
                    key: flight.key, arrivesAt: now + min(latency(), .seconds(50)), treatment: treatment,
                    dispatcher: place, incarnation: dispatchers[place].incarnation,
                    number: flight.request.number))
        }
        life.transport.state.withLock { $0.flights[index] = flight }
    }

    private func arrive(_ message: TravellingMessage) {
        let reply = provider.receive(key: message.key, at: now, message.treatment)
        let process = dispatchers[message.dispatcher]
        guard let life = process.life, process.incarnation == message.incarnation else { return }
        let flights = life.transport.state.withLock { $0.flights }
        guard let index = flights.firstIndex(where: { $0.request.number == message.number }) else { return }
        var flight = flights[index]
        if let reply {
            let answer = TransportAnswer(
                number: flight.request.number, code: reply.isWhole ? 0 : 18, issues: 1,
                bodyBytesSent: flight.request.body.count, status: reply.status, headers: reply.headers,
                body: reply.body)
            flight.answer = (now + latency(), answer)
        } else if die.chance(50) {
            flight.answer = (now + latency(), silence(flight, code: 52))
        }
        life.transport.state.withLock { $0.flights[index] = flight }
    }

    private func deliver(_ answer: TransportAnswer, _ place: Int, _ index: Int) {
        guard let life = dispatchers[place].life else { return }
        let flight = life.transport.state.withLock { $0.flights.remove(at: index) }
        answers[AttemptName(command: flight.key, attempt: flight.attempt)] = answer
        flight.answered([answer])
    }

    private func silence(_ flight: Flight, code: Int32, issues: Int = 1) -> TransportAnswer {
        TransportAnswer(
            number: flight.request.number, code: code, issues: issues,
            bodyBytesSent: issues == 0 ? 0 : flight.request.body.count)
    }

    private func latency() -> Span {
        guard hasFaults else { return .milliseconds(die.number(5...50)) }
        switch die.number(1...10) {
        case 1: return .seconds(die.number(20...80))
        case 2, 3: return .milliseconds(die.number(1_000...20_000))
        default: return .milliseconds(die.number(5...300))
        }
    }

    private func drawTreatment() -> Treatment {
        guard hasFaults else { return .proper }
        if now < outageEnd { return die.chance(70) ? .refused : .cutBody }
        return die.weighted(
            [
                (40, .proper), (8, .acceptAndVanish), (6, .acceptAndFail), (4, .acceptAndCut), (6, .fail),
                (4, .throttle), (4, .reject), (3, .inProgress), (1, .noCredit), (1, .wrongKey), (6, .ignore),
                (5, .lost), (4, .cutBody), (5, .refused),
            ], else: .proper)
    }
}
