// Several hosts on one machine: network namespaces, joined to the one of the server by a bridge. They end
// with the processes that hold them.
import Foundation
import ProcessSupport
import Testing

/// A network of a server and a few hosts, that can be cut.
final class Network {
    /// The server's address.
    static let server = "10.77.0.1"

    private let sandbox: Sandbox
    private let center: Program
    private let hosts: [Program]
    /// What lets each host reach the provider of the test at its own loopback: without TLS, providers are
    /// reached there only.
    private let relays: [Program]

    init(hosts count: Int, providerPort: Int) throws {
        try #require(
            getuid() == 0, "this test makes network namespaces: run it as root, for example in a container")
        let sandbox = try Sandbox()
        self.sandbox = sandbox
        center = try Network.hold(sandbox)
        hosts = try (0..<count).map { _ in try Network.hold(sandbox) }
        try Network.finish(
            Network.within(center),
            """
            ip link set lo up; ip link add bridge type bridge; ip link set bridge up
            ip address add \(Network.server)/24 dev bridge
            """, sandbox)
        for (number, host) in hosts.enumerated() {
            try Network.finish(
                Network.within(center),
                """
                ip link add host\(number) type veth peer name wire netns \(host.identifier)
                ip link set host\(number) master bridge up
                """, sandbox)
            try Network.finish(
                Network.within(host),
                """
                ip link set lo up; ip address add 10.77.0.\(10 + number)/24 dev wire; ip link set wire up
                """, sandbox)
        }
        let relay = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("relay.py").path
        relays = try hosts.map { host in
            let words =
                Network.within(host) + [
                    "/usr/bin/env", "python3", relay, "\(providerPort)",
                    "\(ProcessInfo.processInfo.processIdentifier)",
                ]
            return try Program(words[0], Array(words.dropFirst()), in: sandbox)
        }
        for relay in relays {
            try eventually("it carries: \(relay.errorText)") { relay.outputText.contains("ready") }
        }
    }

    /// Words before a program that runs beside the server.
    var serverWords: [String] { Network.within(center) }

    /// Words before a program that runs on a host.
    func words(_ host: Int) -> [String] { Network.within(hosts[host]) }

    /// Pulls the plugs of all hosts, or puts them in again. The provider stays in reach.
    func plug(_ isIn: Bool) throws {
        for number in hosts.indices {
            try Network.finish(
                serverWords, "ip link set host\(number) \(isIn ? "up" : "down")", sandbox)
        }
    }

    /// A process in a namespace of its own, which lasts as long as it, and no longer than this test process.
    private static func hold(_ sandbox: Sandbox) throws -> Program {
        let parent = ProcessInfo.processInfo.processIdentifier
        let holder = try Program(
            "/usr/bin/unshare",
            ["--net", "/bin/sh", "-c", "echo ready; while kill -0 \(parent); do sleep 1; done"], in: sandbox)
        try eventually("the namespace is there: \(holder.errorText)") {
            holder.outputText.contains("ready")
        }
        return holder
    }

    private static func within(_ holder: Program) -> [String] {
        ["/usr/bin/nsenter", "--net=/proc/\(holder.identifier)/ns/net"]
    }

    private static func finish(_ words: [String], _ script: String, _ sandbox: Sandbox) throws {
        let result = try Program(
            words[0],
            Array(words.dropFirst()) + ["/bin/sh", "-e", "-c", "PATH=$PATH:/usr/sbin:/sbin\n" + script],
            in: sandbox
        ).finish()
        try #require(result.status == 0, "\(script): \(result.errors)")
    }
}
