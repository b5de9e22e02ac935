// A provider without a network.
import SendonceClock
import SendonceDelivery

/// Accepts every request before `submit` returns.
struct InstantTransport: Transport {
    func submit(_ requests: [TransportRequest], answered: @escaping @Sendable ([TransportAnswer]) -> Void) {
        answered(
            requests.map { request in
                TransportAnswer(
                    number: request.number, code: 0, issues: 1, bodyBytesSent: request.body.count,
                    status: 201,
                    body: Array(#"{"messageId":"<\#(request.number)@benchmark.example>"}"#.utf8),
                    issuedAt: Monotonic.now())
            })
    }

    func close() {}
}
