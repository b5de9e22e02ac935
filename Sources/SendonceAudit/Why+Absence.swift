// What is said when nothing is found: that it was never there, what resembles it, and what only waits to be
// decided.
import SendonceCore
import SendonceStore

extension Why {
    /// Why a question found nothing.
    func absences(of question: Question, unread: Absence?) throws(StoreError) -> [Absence] {
        switch question {
        case .recipient(let address, let filter): try absences(ofRecipient: address, filter, unread)
        case .keyPart(let part): try absences(ofKeyPart: part)
        case .event(let id): [.eventNeverAppended(id: id)]
        case .position(let position):
            [
                .positionBeyondLog(
                    position, last: try reader.events(before: .max, type: nil, limit: 1).first?.position ?? 0)
            ]
        case .command(let id): [.commandUnknown(id)]
        case .providerMessage(let id): [.providerMessageUnknown(id)]
        case .subject(let subject): [.subjectNeverAppended(subject)]
        }
    }

    private func absences(ofKeyPart part: Text) throws(StoreError) -> [Absence] {
        let similar = try reader.similarKeys(to: part, limit: WhyLimits.similar)
        let isPartial = try reader.counts().commands > AuditLimits.scannedKeys
        return [.keyPartUnknown(part, similar: similar)]
            + (isPartial ? [.keySearchPartial(part, read: AuditLimits.scannedKeys)] : [])
    }

    private func absences(
        ofRecipient address: Text, _ filter: RecipientFilter, _ unread: Absence?
    ) throws(StoreError) -> [Absence] {
        var absences: [Absence] = []
        let recipient = address.normalisedAddress
        if EmailAddress(address.string) == nil {
            absences.append(.recipientNotAnAddress(address))
        } else if let unread {
            absences.append(unread)
        } else if !filter.isEmpty, try isKnown(recipient) {
            absences.append(.nothingPassesFilter(recipient: recipient))
        } else {
            absences.append(.recipientUnknown(recipient, similar: try similarRecipients(to: recipient)))
        }
        guard let type = filter.type else { return absences }
        if let latest = try reader.events(before: .max, type: type, limit: 1).first {
            let decisions = try reader.decisions(at: latest.position)
            if decisions.contains(where: { $0.reason == .noRule }) {
                absences.append(.typeWithoutRule(type, latest: latest.position))
            }
        } else {
            absences.append(.typeNeverAppended(type))
        }
        return absences
    }

    private func isKnown(_ recipient: Text) throws(StoreError) -> Bool {
        let messages = try reader.messages(MessageFilter(recipient: recipient), before: nil, limit: 1)
        guard messages.isEmpty else { return true }
        return try !reader.refusals(of: recipient, rule: nil, limit: 1).isEmpty
    }

    /// Other spellings that are known. The local part's case is kept, so `Ann@` and `ann@` are two
    /// recipients: the usual spellings are tried, and those that stand in keys. Not guaranteed to find every
    /// one.
    private func similarRecipients(to recipient: Text) throws(StoreError) -> [Text] {
        var candidates: [Text] = []
        if let address = EmailAddress(recipient.string) {
            let local = address.localPart.string
            let lower = local.lowercased()
            let words = lower.split(separator: ".", omittingEmptySubsequences: false)
            let capitalised = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: ".")
            let first = lower.prefix(1).uppercased() + lower.dropFirst()
            candidates = [lower, first, capitalised, local.uppercased()].map {
                Text("\($0)@\(address.domain)")
            }
        }
        let keys = try reader.similarKeys(to: recipient, limit: WhyLimits.similar)
        candidates += keys.filter { EmailAddress($0.string) != nil }.map(\.normalisedAddress)
        var known: [Text] = []
        for candidate in candidates where candidate != recipient && !known.contains(candidate) {
            if try isKnown(candidate) { known.append(candidate) }
        }
        return Array(known.prefix(WhyLimits.similar))
    }
}

// MARK: - The intake

extension Why {
    /// Intake rows that the questions may be about.
    func waiting(_ questions: [Question]) throws(StoreError) -> [Absence] {
        var names: [Text] = []
        for name in questions.compactMap(\.name) where !names.contains(name) { names.append(name) }
        guard !names.isEmpty else { return [] }
        var matches: [IntakeMatch] = []
        var (read, bytes) = (0, 0)
        for row in try reader.intake(limit: WhyLimits.intakeRead) {
            bytes += row.event.payload.count
            guard bytes <= WhyLimits.intakeBytes || read == 0 else { break }
            read += 1
            guard matches.count < WhyLimits.intakeNamed,
                questions.contains(where: { $0.admits(row.event.type) })
            else { continue }
            let isNamed = names.contains { row.event.id == $0 || row.event.subject == $0 }
            guard isNamed || names.contains(where: { row.event.payload.mentions($0) }) else { continue }
            matches.append(
                IntakeMatch(
                    sequence: row.sequence, id: row.event.id, type: row.event.type,
                    occurredAt: row.event.occurredAt, isNamed: isNamed))
        }
        var absences: [Absence] = matches.isEmpty ? [] : [.notYetDecided(matches)]
        let rows = try reader.counts().intake
        if rows > read { absences.append(.intakeTooLong(rows: rows, read: read)) }
        return absences
    }
}

extension Question {
    /// What an undecided event would have to contain; nil where nothing undecided can be meant.
    fileprivate var name: Text? {
        switch self {
        case .recipient(let text, _), .keyPart(let text), .event(let text), .subject(let text): text
        case .position, .command, .providerMessage: nil
        }
    }

    fileprivate func admits(_ type: Text) -> Bool {
        guard case .recipient(_, let filter) = self, let wanted = filter.type else { return true }
        return wanted == type
    }
}

extension [UInt8] {
    /// Whether the bytes contain the text as a word of its own: `42` is in `{"id":42}` and not in
    /// `{"id":142}`. It looks at bytes, not at JSON, so text that a producer wrote with escapes is missed.
    func mentions(_ text: Text) -> Bool {
        let wanted = Array(text.utf8)
        guard let first = wanted.first, count >= wanted.count else { return false }
        for start in 0...(count - wanted.count) where self[start] == first {
            let end = start + wanted.count
            guard self[start..<end].elementsEqual(wanted) else { continue }
            let before = start > 0 ? self[start - 1] : 0x20
            let after = end < count ? self[end] : 0x20
            if !Self.isWordByte(before), !Self.isWordByte(after) { return true }
        }
        return false
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x80...: true
        default: false
        }
    }
}
