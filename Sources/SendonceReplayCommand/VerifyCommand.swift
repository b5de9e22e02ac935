// `sendonce-replay verify`
import ArgumentParser
import Foundation
import Glibc
import SendonceCore
import SendonceReplay
import SendonceStore

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Decide everything again and compare it with what is recorded.",
        discussion: """
            Prints a certificate. The live system may go on: what it appends lies behind the head that is \
            taken at the beginning.

            Exit codes: 0 the same, 1 differs, 2 could not tell, 64 usage.
            """)

    @OptionGroup var options: LogOptions

    @Option(help: "First position; what lies before it is taken as recorded.")
    var from: Int64 = 1

    @Option(help: "Last position. Default: the head at the beginning.")
    var to: Int64?

    @Option(help: "Go on where the certificate in this file (JSON) ended.")
    var after: String?

    @Option(
        help: """
            Bytes of memory that this may take, from \(VerifyCommand.ownMemory): kept by going through the \
            log several times. Default: as much as the keys need, 32 bytes for each.
            """)
    var memory: Int?

    /// Without the memory of keys.
    private static let ownMemory = 64 << 20

    @Option(help: "LINK@POSITION, kept elsewhere: the log must have this link there.")
    var head: String?

    func validate() throws {
        if from < 1 { throw ValidationError("--from: positions begin at 1") }
        if let to, to < from { throw ValidationError("--to lies before --from") }
        if after != nil, from != 1 { throw ValidationError("--after says where to begin: leave out --from") }
        if let memory, memory < VerifyCommand.ownMemory {
            throw ValidationError("--memory: \(VerifyCommand.ownMemory) bytes at least")
        }
        _ = try expectedHead()
    }

    /// Open the log, put up the barriers, run: in this order.
    func run() throws {
        var request = try readRequest()
        let open = try OpenLog(options.place)
        request.place = open.place
        request.barriers = open.barriers
        var verification = Verification(try open.records(), request, now: VerifyCommand.elapsed)
        let certificate = try verification.run()
        print(options.output == .json ? certificate.json.jsonText : certificate.text)
        switch certificate.verdict {
        case .same: return
        case .differs: throw ExitCode(1)
        case .unclear: throw ExitCode(2)
        }
    }

    private func readRequest() throws -> VerificationRequest {
        var request = VerificationRequest(place: "")
        request.from = from
        request.to = to
        request.keyMemory = memory.map { $0 - VerifyCommand.ownMemory }
        request.expectedHead = try expectedHead()
        if let after {
            guard let bytes = FileManager.default.contents(atPath: after) else {
                throw ValidationError("--after: \(after) cannot be read")
            }
            do throws(CertificateDefect) {
                request.checkpoint = try Certificate.checkpoint(inJSON: Array(bytes))
            } catch {
                throw ValidationError("--after: \(after): \(error.words)")
            }
        }
        return request
    }

    private func expectedHead() throws -> LogHead? {
        guard let head else { return nil }
        let parts = head.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let link = Digest(hexadecimal: String(parts[0])),
            let position = Int64(parts[1]), position >= 1
        else { throw ValidationError("--head: LINK@POSITION, as `sendonce-replay head` prints it") }
        return LogHead(position: position, link: link)
    }

    /// Time by the monotonic clock.
    private static func elapsed() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }
}
