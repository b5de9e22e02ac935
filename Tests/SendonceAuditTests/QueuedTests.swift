// Golden answers for commands that are not finished: what happens next, and when.
import SendonceAudit
import SendonceCore
import SendonceStore
import Testing

@Suite struct QueuedTests {
    private func queue(
        _ standing: CommandStanding, route: Text = "brevo", notBefore: Timestamp? = nil,
        expiresAt: Timestamp? = nil,
        onUnknown: OnUnknown? = nil, attempts: [AttemptRecord] = []
    ) -> Recorded {
        var recorded = Recorded()
        recorded.append(17)
        recorded.emit(
            17, route: route, notBefore: notBefore, expiresAt: expiresAt, onUnknown: onUnknown,
            standing: standing,
            attempts: attempts)
        return recorded
    }

    private let unsure = attempt(1, at: 18, outcome(.unknown, at: 48, "curl_28", "Timeout was reached"))

    @Test("A pending e-mail says since when it is due")
    func pending() throws {
        try expectGolden("pending", .keyPart("42"), in: queue(queued(.pending, due: 17)), at: 20)
    }

    @Test("A pending e-mail that nobody takes says what to look at")
    func idle() throws {
        let recorded = queue(queued(.pending, due: 17), expiresAt: time(4_000))
        try expectGolden("pending-idle", .keyPart("42"), in: recorded, at: 3_000)
    }

    @Test("A delayed e-mail says until when its rule delays it")
    func delayed() throws {
        let due: Int64 = 17 + 3 * 86_400
        let recorded = queue(queued(.pending, due: due), notBefore: time(due))
        try expectGolden("pending-delayed", .keyPart("42"), in: recorded)
    }

    @Test("A refused e-mail says when its next attempt is due")
    func retried() throws {
        let refused = outcome(.rejectedForNow, at: 19, "http_503", "try later", status: 503)
        let recorded = queue(queued(.pending, due: 90), attempts: [attempt(1, at: 18, refused)])
        try expectGolden("pending-retry", .keyPart("42"), in: recorded)
    }

    @Test("A pending e-mail that was cancelled says that it will not be sent")
    func cancelledPending() throws {
        let recorded = queue(queued(.pending, due: 90, cancelledBy: 20))
        try expectGolden("pending-cancelled", .keyPart("42"), in: recorded)
    }

    @Test("A pending e-mail that was superseded says that it will not be sent")
    func supersededPending() throws {
        let recorded = queue(queued(.pending, due: 90, supersededBy: 21))
        try expectGolden("pending-superseded", .keyPart("42"), in: recorded)
    }

    @Test("A pending e-mail whose time is over says that it will not be sent")
    func expiredPending() throws {
        let recorded = queue(queued(.pending, due: 30), expiresAt: time(50))
        try expectGolden("pending-expired", .keyPart("42"), in: recorded)
    }

    @Test("An open attempt says when it began and when its lease ends")
    func sending() throws {
        let recorded = queue(queued(.sending, due: 17, leaseEnd: 78), attempts: [attempt(1, at: 18, nil)])
        try expectGolden("sending", .keyPart("42"), in: recorded)
    }

    @Test("An attempt that is open while the e-mail is cancelled may have sent it")
    func sendingCancelled() throws {
        let recorded = queue(
            queued(.sending, due: 17, leaseEnd: 78, cancelledBy: 20), attempts: [attempt(1, at: 18, nil)])
        try expectGolden("sending-cancelled", .keyPart("42"), in: recorded)
    }

    @Test("An attempt whose lease ran out is not known to have failed")
    func lapsed() throws {
        let recorded = queue(queued(.sending, due: 17, leaseEnd: 48), attempts: [attempt(1, at: 18, nil)])
        try expectGolden("sending-lapsed", .keyPart("42"), in: recorded)
    }

    @Test("An unknown outcome is retried under the same key until the provider forgets it")
    func unknown() throws {
        let recorded = queue(queued(.unknown, due: 50), attempts: [unsure])
        try expectGolden("unknown-retry", .keyPart("42"), in: recorded)
    }

    @Test("After the key's window an unknown outcome will be held")
    func unknownAfterWindow() throws {
        let recorded = queue(queued(.unknown, due: 50), attempts: [unsure])
        try expectGolden("unknown-after-window", .keyPart("42"), in: recorded, at: 18 + 540)
    }

    @Test("An unknown outcome of a cancelled e-mail will be held")
    func unknownCancelled() throws {
        let recorded = queue(queued(.unknown, due: 50, cancelledBy: 20), attempts: [unsure])
        try expectGolden("unknown-cancelled", .keyPart("42"), in: recorded)
    }

    @Test("A rule that asks for it sends again without proof, and the answer says so")
    func unknownWithoutProof() throws {
        let recorded = queue(queued(.unknown, due: 90), onUnknown: .retry, attempts: [unsure])
        try expectGolden("unknown-without-proof", .keyPart("42"), in: recorded)
    }

    @Test("An idempotent provider is written to again without a limit of time")
    func unknownIdempotent() throws {
        let recorded = queue(queued(.unknown, due: 90), route: "maildir", attempts: [unsure])
        try expectGolden("unknown-idempotent", .keyPart("42"), in: recorded)
    }

    @Test("A provider without keys leads to a hold")
    func unknownWithoutKeys() throws {
        let recorded = queue(queued(.unknown, due: 90), route: "plain", attempts: [unsure])
        try expectGolden("unknown-without-keys", .keyPart("42"), in: recorded)
    }

    @Test("On a route that is not configured here nothing is promised")
    func unknownRoute() throws {
        let recorded = queue(queued(.unknown, due: 90), route: "elsewhere", attempts: [unsure])
        try expectGolden("unknown-route-elsewhere", .keyPart("42"), in: recorded)
    }

    @Test("A duplicate of an unknown e-mail tells what follows for it")
    func duplicateOfUnknown() throws {
        var recorded = queue(queued(.unknown, due: 90), attempts: [unsure])
        recorded.append(18)
        recorded.refuse(18, .duplicate(winner: 17), key: ["42"], to: "ann@shop.test")
        try expectGolden("duplicate-of-unknown", .position(18), in: recorded)
    }
}

@Suite struct HeldTests {
    private func held(
        _ reason: HoldReason, detail: Text? = nil, attempts: [AttemptRecord] = []
    ) -> Recorded {
        var recorded = Recorded()
        recorded.append(17)
        recorded.emit(
            17, standing: queued(.held, due: 17, hold: reason, detail: detail, heldAt: 60), attempts: attempts
        )
        return recorded
    }

    private let threeDays: Int64 = 60 + 3 * 86_400

    @Test("A person's hold has its age and what can be done")
    func byOperator() throws {
        let recorded = held(.operator, detail: "ann: the price was wrong")
        try expectGolden("held-operator", .keyPart("42"), in: recorded, at: threeDays)
    }

    @Test("A held unknown outcome tells the attempt and asks for a resolution")
    func unknownOutcome() throws {
        let unsure = outcome(.unknown, at: 48, "curl_28", "Timeout was reached")
        let recorded = held(.unknownOutcome, attempts: [attempt(1, at: 18, unsure)])
        try expectGolden("held-unknown-outcome", .keyPart("42"), in: recorded, at: threeDays)
    }

    @Test("A stale dispatcher's late answer proves that a held e-mail was accepted")
    func lateAnswer() throws {
        let unsure = outcome(.unknown, at: 48, "lease_lapsed", Verdict.leaseLapsed.words)
        let recorded = held(
            .unknownOutcome, attempts: [attempt(1, at: 18, unsure, late: [acceptance(at: 70, "<late@mail>")])]
        )
        try expectGolden("held-late-answer", .keyPart("42"), in: recorded, at: threeDays)
    }

    @Test("A template error has its detail")
    func templateError() throws {
        let recorded = held(.templateError, detail: "the variable first_name is missing")
        try expectGolden("held-template-error", .keyPart("42"), in: recorded, at: 61)
    }

    @Test("A restored e-mail says that nothing records whether it was sent")
    func restored() throws {
        try expectGolden("held-restored", .keyPart("42"), in: held(.restored), at: 60 + 7_200)
    }

    @Test("A fenced e-mail says that another copy may send")
    func fence() throws {
        try expectGolden("held-fence", .keyPart("42"), in: held(.fence), at: 60 + 300)
    }
}
