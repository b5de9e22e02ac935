// One golden answer for each state that ends a command.
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct FinishedTests {
    private func finished(
        _ state: FinishedState, cause: Int64? = nil, route: Text = "brevo", expiresAt: Timestamp? = nil,
        attempts: [AttemptRecord] = []
    ) -> Recorded {
        var recorded = Recorded()
        recorded.append(17)
        recorded.emit(
            17, route: route, expiresAt: expiresAt, standing: .finished(state, at: time(40), cause: cause),
            attempts: attempts)
        return recorded
    }

    @Test("An accepted e-mail names provider, time and message")
    func accepted() throws {
        let recorded = finished(
            .accepted, route: "maildir", attempts: [attempt(1, at: 39, acceptance(at: 40, "1.eml"))])
        try expectGolden("accepted-maildir", .providerMessage("1.eml"), in: recorded)
    }

    @Test("A refused repeat is told as the proof that it is")
    func acceptedEarlier() throws {
        let recorded = finished(
            .accepted,
            attempts: [
                attempt(1, at: 18, outcome(.unknown, at: 28, "curl_28", "Timeout was reached")),
                attempt(2, at: 39, outcome(.duplicate, at: 40, "duplicate_parameter", status: 400)),
            ])
        try expectGolden("accepted-earlier", .keyPart("42"), in: recorded)
    }

    @Test("A rejected e-mail has the provider's words")
    func rejected() throws {
        let words: Text = "Sending has been stopped for this recipient"
        let recorded = finished(
            .rejected,
            attempts: [
                attempt(1, at: 39, outcome(.rejected, at: 40, "invalid_parameter", words, status: 400))
            ])
        try expectGolden("rejected", .keyPart("42"), in: recorded)
    }

    @Test("A dead e-mail tells its attempts, the first two and the last four of many")
    func dead() throws {
        let attempts = (1...12).map { number in
            attempt(
                number, at: Int64(number) * 3,
                outcome(.rejectedForNow, at: Int64(number) * 3 + 1, "http_503", "try later", status: 503))
        }
        try expectGolden("dead", .keyPart("42"), in: finished(.dead, attempts: attempts))
    }

    @Test("An expired e-mail says when it expired")
    func expired() throws {
        try expectGolden("expired", .keyPart("42"), in: finished(.expired, expiresAt: time(35)))
    }

    @Test("An e-mail that expired after a refusal tells of the refusal")
    func expiredAfterRefusal() throws {
        let refused = outcome(.rejectedForNow, at: 21, "curl_7", "Could not connect", issues: 0)
        let recorded = finished(.expired, expiresAt: time(35), attempts: [attempt(1, at: 20, refused)])
        try expectGolden("expired-after-refusal", .keyPart("42"), in: recorded)
    }

    @Test("A cancelled e-mail names the event that cancelled it")
    func cancelled() throws {
        try expectGolden("cancelled", .keyPart("42"), in: finished(.cancelled, cause: 20))
    }

    @Test("A superseded e-mail names the event of the newer one")
    func superseded() throws {
        try expectGolden("superseded", .keyPart("42"), in: finished(.superseded, cause: 21))
    }

    @Test("A suppressed e-mail says that its address was suppressed")
    func suppressed() throws {
        try expectGolden("suppressed", .keyPart("42"), in: finished(.suppressed))
    }

    @Test("A late answer with another name is a confirmed duplicate")
    func confirmedDuplicate() throws {
        let recorded = finished(
            .accepted,
            attempts: [
                attempt(
                    1, at: 18, outcome(.unknown, at: 28, "lease_lapsed"),
                    late: [acceptance(at: 45, "<first@mail>")]),
                attempt(2, at: 39, acceptance(at: 40, "<second@mail>")),
            ])
        try expectGolden("confirmed-duplicate", .providerMessage("second@mail"), in: recorded)
    }

    @Test("A windowed key and a second generation are told in the reason for sending")
    func windows() throws {
        var recorded = Recorded()
        let standing = CommandStanding.finished(.accepted, at: time(40), cause: nil)
        for (position, slot) in [(17, "within:7"), (18, "every:86400000000:3")] as [(Int64, Text)] {
            recorded.append(position, "order.delivered")
            recorded.emit(
                position, rule: "review", key: ["7", "ann@shop.test"], slot: slot, generation: position - 16,
                standing: standing, attempts: [attempt(1, at: 39, acceptance(at: 40))])
        }
        try expectGolden("windows", .recipient("ann@shop.test"), in: recorded)
    }
}
