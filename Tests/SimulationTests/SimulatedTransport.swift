// A transport whose answers come when the world lets them. The world moves its flights along in virtual time;
// the dispatcher sees the port and nothing else.
import SendonceCore
import SendonceDelivery
import Synchronization

/// One request between `submit` and its answer.
struct Flight {
    var request: TransportRequest
    var answered: @Sendable ([TransportAnswer]) -> Void
    /// The command's id, which is the key in the body.
    var key: String
    /// Time of issue: planned until `isIssued`, then what it was.
    var issueAt: Timestamp
    var isIssued = false
    /// What will be handed to the dispatcher, and when.
    var answer: (at: Timestamp, answer: TransportAnswer)?
    /// Wall time of the dispatcher less the world's, when it was submitted.
    var skew: Span
    /// Which attempt of the command this is, as the claim said.
    var attempt: Int

    /// When something happens to it next: its issue, its answer, or the end of the client's patience.
    var nextAt: Timestamp {
        guard isIssued else { return issueAt }
        return min(answer?.at ?? patienceEnd, patienceEnd)
    }

    /// When the client gives up; a transfer may take this long from its issue.
    var patienceEnd: Timestamp { issueAt + .milliseconds(Int64(request.totalTimeout)) }
}

/// Holds the flights of one dispatcher's incarnation.
final class SimulatedTransport: Transport {
    struct State {
        /// Submitted and not looked at by the world yet.
        var arrivals: [(TransportRequest, @Sendable ([TransportAnswer]) -> Void)] = []
        var flights: [Flight] = []
        /// What `close` answered, for the record.
        var closed: [(Flight, TransportAnswer)] = []
    }

    let state = Mutex(State())

    func submit(_ requests: [TransportRequest], answered: @escaping @Sendable ([TransportAnswer]) -> Void) {
        state.withLock { $0.arrivals += requests.map { ($0, answered) } }
    }

    /// What was not issued never left; what is under way is cut off and nobody knows.
    func close() {
        let flights = state.withLock { state in
            defer { state.flights = [] }
            return state.flights
        }
        for flight in flights {
            let answer = TransportAnswer(
                number: flight.request.number, code: 42, issues: flight.isIssued ? 1 : 0,
                bodyBytesSent: flight.isIssued ? flight.request.body.count : 0)
            state.withLock { $0.closed.append((flight, answer)) }
            flight.answered([answer])
        }
    }
}
