// Why replay cannot have side effects, seen from outside: what the program is linked with, what it asks the
// kernel for, and that it needs no network.
import Foundation
import ProcessSupport
import Testing

@Suite("Replay: barriers")
struct BarrierTests {
    @Test("sendonce-replay links nothing that can send or render, directly or through a library")
    func linkage() throws {
        let replay = try linked("sendonce-replay")
        #expect(!replay.contains { Self.senders.contains(where: $0.contains) })
        // The same look at the program that does send: else this test could not fail.
        #expect(try linked("sendonce").contains { $0.contains("libcurl") })
        let symbols = try symbols("sendonce-replay")
        #expect(symbols.contains { $0.contains("SendonceReplay") })
        #expect(!symbols.contains { symbol in Self.modules.contains { symbol.contains($0) } })
        #expect(try self.symbols("sendonce").contains { $0.contains("SendonceCurl") })
    }

    private static let senders = ["curl", "nghttp", "libssh", "FoundationNetworking", "rtmp"]
    /// As they stand in a mangled name: length, then name.
    private static let modules = [
        "curl_easy", "curl_multi", "12SendonceCurl", "16SendonceDelivery", "16SendonceMaildir",
        "17SendonceTemplates", "8Mustache", "12SendonceFake", "7NIOHTTP1", "8NIOPosix", "11Hummingbird",
    ]

    @Test("After the filter nothing is asked of the kernel that could have an effect elsewhere")
    func calls() throws {
        let log = try ReplayedLog()
        let trace = log.sandbox.path("trace")
        let result = try log.replay(through: [
            "strace", "-f", "-o", trace, "-e", "trace=%network,%process,%file,seccomp,prctl",
        ])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let lines = log.sandbox.read("trace").split(separator: "\n").map(String.init)
        let filter = try #require(lines.lastIndex { $0.contains("seccomp(SECCOMP_SET_MODE_FILTER") })
        // What follows is the filter trying itself, each refused; then only reading and the end.
        let after = lines[(filter + 1)...]
        let effects = after.filter { line in
            ["socket(", "connect(", "execve(", "fork(", "unlink", "rename", "mkdir", "O_CREAT", "sendto("]
                .contains(where: line.contains)
        }
        #expect(effects.count == 3, "\(effects)")
        #expect(effects.allSatisfy { $0.contains("EPERM") }, "\(effects)")
        // And before it nothing was sent either.
        #expect(!lines[..<filter].contains { $0.contains("connect(") || $0.contains("sendto(") })
    }

    @Test("It runs without any network, with the same certificate")
    func withoutNetwork() throws {
        let log = try ReplayedLog()
        let there = try log.replay()
        let nowhere = try log.replay(through: ["unshare", "-rn"])
        #expect(there.status == 0, "\(there.output)\(there.errors)")
        #expect(nowhere.status == 0, "\(nowhere.errors)")
        #expect(nowhere.certificateWithoutTimes == there.certificateWithoutTimes)
    }

    @Test("The certificate says that the kernel's barrier is in force, and where it is not, that it is not")
    func report() throws {
        let log = try ReplayedLog()
        #expect(try log.replay().output.contains("kernel: a seccomp filter refuses"))
        let without = try log.replay(through: [Place.program("BarrierProbe"), "without-seccomp"])
        #expect(without.output.contains("kernel: NOT IN FORCE"))
        #expect(without.status == 0, "\(without.errors)")
    }

    @Test(
        "Hash seed, time zone, locale and the machine's time change nothing but times",
        arguments: [
            ["SWIFT_DETERMINISTIC_HASHING": "1"], ["TZ": "Pacific/Apia"], ["LC_ALL": "tr_TR.UTF-8"],
            ["LANG": "C", "LC_ALL": "C"],
        ])
    func surroundings(_ environment: [String: String]) throws {
        let log = try ReplayedLog()
        let plain = try log.replay()
        #expect(plain.status == 0, "\(plain.output)\(plain.errors)")
        let other = try log.replay(environment: environment)
        #expect(other.certificateWithoutTimes == plain.certificateWithoutTimes)
        let later = try log.replay(through: ["faketime", "-f", "+400d"])
        #expect(later.certificateWithoutTimes == plain.certificateWithoutTimes)
    }
}

extension BarrierTests {
    /// Libraries that a program needs, with those that they need.
    private func linked(_ program: String) throws -> [String] {
        try lines(["ldd", Place.program(program)])
    }

    /// Names in a program's symbol table, mangled.
    private func symbols(_ program: String) throws -> [String] {
        try lines(["nm", Place.program(program)])
    }

    private func lines(_ words: [String]) throws -> [String] {
        let sandbox = try Sandbox()
        let result = try Program("/usr/bin/env", words, in: sandbox).finish()
        try #require(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
    }
}
