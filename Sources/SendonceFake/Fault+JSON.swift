// How faults are written in the control interface: {"fault": "acceptThenLate", "milliseconds": 300}. Strict,
// because a misspelt fault that is quietly left out would make a test pass that tests nothing.

import Foundation

extension FakeBrevo.Fault {
    /// Reads a fault and removes its members from `members`, so that the caller can refuse what is left over.
    init(from members: inout [String: Any]) throws(FakeBrevo.FakeError) {
        guard let name = members.removeValue(forKey: "fault") as? String else {
            throw .chaosInvalid("\"fault\" must be the name of a fault")
        }
        switch name {
        case "none": self = .none
        case "acceptThenDrop": self = .acceptThenDrop
        case "acceptThenReset": self = .acceptThenReset
        case "acceptThenLate":
            self = .acceptThenLate(
                milliseconds: try Self.number("milliseconds", from: &members, otherwise: nil))
        case "resetOnReuse": self = .resetOnReuse
        case "acceptThenResetOnReuse": self = .acceptThenResetOnReuse
        case "slowDrip":
            self = .slowDrip(
                millisecondsPerByte: try Self.number("millisecondsPerByte", from: &members, otherwise: 1))
        case "truncatedBody": self = .truncatedBody
        case "truncatedJSON": self = .truncatedJSON
        case "refuse":
            let status = try Self.number("status", from: &members, otherwise: nil)
            guard let accepted = members.removeValue(forKey: "accepted") as? Bool else {
                throw .chaosInvalid("refuse needs \"accepted\": true or false")
            }
            self = .refuse(status: status, accepted: accepted)
        case "rateLimited":
            self = .rateLimited(resetSeconds: try Self.number("resetSeconds", from: &members, otherwise: 1))
        case "dropBeforeReading": self = .dropBeforeReading
        default: throw .chaosInvalid("there is no fault named \"\(name)\"")
        }
        try check()
    }

    /// The fault as the members that `init(from:)` reads.
    var members: [String: Any] {
        var members: [String: Any] = ["fault": name]
        switch self {
        case .acceptThenLate(let milliseconds): members["milliseconds"] = milliseconds
        case .slowDrip(let milliseconds): members["millisecondsPerByte"] = milliseconds
        case .refuse(let status, let accepted):
            members["status"] = status
            members["accepted"] = accepted
        case .rateLimited(let seconds): members["resetSeconds"] = seconds
        default: break
        }
        return members
    }

    /// Throws unless the fault's numbers can be obeyed.
    func check() throws(FakeBrevo.FakeError) {
        let longest = FakeBrevo.Limits.faultMilliseconds
        switch self {
        case .acceptThenLate(let milliseconds), .slowDrip(let milliseconds):
            guard (0...longest).contains(milliseconds) else {
                throw .chaosInvalid("\(name) waits 0 to \(longest) milliseconds")
            }
        case .refuse(let status, _):
            guard (400...599).contains(status) else {
                throw .chaosInvalid("refuse needs a status from 400 to 599")
            }
        case .rateLimited(let seconds):
            guard (0...longest).contains(seconds) else { throw .chaosInvalid("resetSeconds is out of range") }
        default: break
        }
    }

    private static func number(
        _ name: String, from members: inout [String: Any], otherwise: Int?
    ) throws(FakeBrevo.FakeError) -> Int {
        guard let value = members.removeValue(forKey: name) else {
            if let otherwise { return otherwise }
            throw .chaosInvalid("\"\(name)\" is missing")
        }
        guard let number = JSON.integer(value) else {
            throw .chaosInvalid("\"\(name)\" must be a whole number")
        }
        return number
    }
}
