// Reading back what a later verification needs of a certificate.
import SendonceCore
import SendonceJSON

/// Why a certificate cannot be gone on with.
package struct CertificateDefect: Error {
    package var words: String
}

extension Certificate {
    /// Where the certificate, as `json` wrote it, can be gone on with.
    package static func checkpoint(inJSON bytes: [UInt8]) throws(CertificateDefect) -> Checkpoint {
        guard let json = try? PayloadReader.document(bytes) else {
            throw CertificateDefect(words: "it is not JSON")
        }
        guard json.member("verdict") == .string("same") else {
            throw CertificateDefect(words: "it does not say \"same\": verify from the beginning")
        }
        guard let member = json.member("checkpoint"), member != .null else {
            throw CertificateDefect(
                words:
                    "it covers less than \(VerificationLimits.blockEvents) positions, or begins where "
                    + "neither the log begins nor another certificate ended: verify from the beginning")
        }
        guard let checkpoint = Checkpoint(member) else {
            throw CertificateDefect(words: "its checkpoint cannot be read")
        }
        return checkpoint
    }
}

extension Certificate.Checkpoint {
    fileprivate init?(_ json: JSONValue) {
        guard let position = json.number("position"), position > 0,
            position % VerificationLimits.blockEvents == 0, let link = json.digest("link"),
            let decisions = json.digest("decisions"), let ids = json.digest("command_ids"),
            let number = json.number("number"), (0...Int64.max / 2).contains(number),
            position < .max / 2,
            let counts = json.member("counts").flatMap(Certificate.Counts.init)
        else { return nil }
        self.init(
            position: position, link: link, decisions: decisions, commandIDs: ids, number: number,
            counts: counts)
    }
}

extension Certificate.Counts {
    fileprivate init?(_ json: JSONValue) {
        guard let events = json.number("events"), let decisions = json.number("decisions"),
            let commands = json.number("commands"), case .object(let members)? = json.member("reasons")
        else { return nil }
        self.init()
        self.events = events
        self.decisions = decisions
        self.commands = commands
        for member in members {
            guard case .integer(let digits) = member.value, let count = Int64(digits) else { return nil }
            reasons[member.name.string] = count
        }
    }
}

extension JSONValue {
    fileprivate func number(_ name: Text) -> Int64? {
        guard case .integer(let digits)? = member(name) else { return nil }
        return Int64(digits)
    }

    fileprivate func digest(_ name: Text) -> Digest? {
        guard case .string(let text)? = member(name) else { return nil }
        return Digest(hexadecimal: text.string)
    }
}
