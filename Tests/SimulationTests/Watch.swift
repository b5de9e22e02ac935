// What must never go back: looked at after every turn, because the end of a run no longer shows it.
import SendonceCore
import SendonceDelivery
import SendonceStore

struct Watch {
    private var tokens: [String: Int64] = [:]
    /// Attempts that a command had when it was seen to be called off.
    private var callings: [String: Int] = [:]
    private var ends: [String: (state: String, attempts: Int)] = [:]

    mutating func look(_ standings: [Standing], in world: World) {
        if standings.count(where: { $0.state == "sending" }) > DispatcherProcess.concurrency {
            world.report("limit: more commands are being sent than the route allows")
        }
        for standing in standings {
            let name = standing.command.prefix(8)
            if let token = standing.token {
                if token < tokens[standing.command] ?? 0 {
                    world.report("G3: the fencing token of \(name) went back to \(token)")
                }
                tokens[standing.command] = token
            }
            if let end = ends[standing.command] {
                if end.state != standing.finished {
                    world.report("G3: \(name) was \(end.state) and is \(standing.finished ?? "queued")")
                }
                if end.attempts != standing.attempts {
                    world.report("G3: \(name) has another attempt after it was \(end.state)")
                }
            }
            if standing.mustBeCalledOff, !standing.isCalledOff, standing.finished == nil {
                world.report("5.4: \(name) is queued and knows nothing of the event that calls it off")
            }
            if standing.isCalledOff {
                let attempts = callings[standing.command] ?? standing.attempts
                if attempts != standing.attempts {
                    world.report("5.4: \(name) has another attempt after it was called off")
                }
                callings[standing.command] = attempts
            }
            if standing.isProven, let state = standing.state, state != "sending" {
                world.report("G3: \(name) is \(state), although a late answer proves that it was accepted")
            }
            switch (standing.finished, standing.state) {
            case (let finished?, nil): ends[standing.command] = (finished, standing.attempts)
            case (nil, .some): break
            case (.some, .some): world.report("G5: \(name) is finished and queued")
            case (nil, nil): world.report("G5: \(name) is neither finished nor queued")
            }
        }
    }
}

extension World {
    /// No span of the rate's length has more starts than its count, by whichever clock they were recorded.
    func checkRate() throws {
        let rate = DispatcherProcess.rate
        let starts = try inspection.starts(from: now - World.largestSkew - rate.per)
        for (early, late) in zip(starts, starts.dropFirst(rate.count)) where late - early < rate.per {
            report("limit: more attempts start than the route's rate allows")
        }
    }

    /// What must be true at the moment at which a request leaves.
    func checkIssue(_ flight: Flight) {
        let name = AttemptName(command: flight.key, attempt: flight.attempt)
        let words = "\(flight.key.prefix(8)) attempt \(flight.attempt)"
        do {
            guard let recorded = try inspection.attempt(name) else {
                return report("G3: \(words) leaves without a recorded attempt")
            }
            if issues[name] != 1 { report("G3: \(words) is issued \(issues[name] ?? 0) times") }
            var builder = DigestBuilder()
            builder.addPart(ProviderKind.brevo.rawValue)
            builder.addPart(flight.request.body)
            if recorded.requestDigest != builder.digest() { report("G3: \(words) is not what was recorded") }
            // The dispatcher's clock as it went on from the claim: a jump since then changes nothing for it.
            let clock = now + flight.skew
            let settings = DispatchSettings()
            let latest = recorded.startedAt + settings.lease - settings.leaseMargin
            if clock + .milliseconds(Int64(flight.request.totalTimeout)) > latest {
                report("G3: \(words) leaves although its transfer may outlast its lease")
            }
            if let expiry = recorded.expiresAt, clock > expiry {
                report("5.4: \(words) leaves after its expiry")
            }
            guard let unsure = recorded.firstUnsureAt, recorded.onUnknown != "retry" else { return }
            if recorded.onUnknown != nil { report("G3: \(words) leaves although the rule says to hold") }
            if clock > unsure + .minutes(10) { report("G3: \(words) leaves after the provider's window") }
        } catch {
            report("the database cannot be read: \(error)")
        }
    }
}
