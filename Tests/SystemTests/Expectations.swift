// What the system tests ask of programs, with expectations.
import Foundation
import ProcessSupport
import Testing

extension Sandbox {
    /// Runs `sendonce` and expects it to succeed.
    @discardableResult
    func mustSendonce(_ arguments: String..., location: SourceLocation = #_sourceLocation) throws -> String {
        let program = try Program(Place.sendonce, arguments, in: self)
        let status = program.wait()
        try #require(
            status == 0, "sendonce \(arguments) ended with \(status): \(program.errorText)",
            sourceLocation: location)
        return program.outputText
    }

    /// Tables and active rules, ready for events.
    func prepare() throws {
        try mustSendonce("migrate", "up")
        try mustSendonce("rules", "activate", "rules.yaml", "--by", "test")
    }
}
