// A way to the server of this process that takes its time, as if the server stood in another town.
import Foundation
import Synchronization

/// Ends with the last reference.
package final class LongWay {
    private static let ports = Atomic<Int>(7_000)
    private let cluster: PostgresCluster
    private let port = LongWay.ports.add(1, ordering: .relaxed).newValue
    private let relay = Process()

    /// Each direction takes so many milliseconds.
    package init(to cluster: PostgresCluster, milliseconds: Int) throws {
        self.cluster = cluster
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("long_way.py").path
        // 5432 is where the server listens, as the folder's file names say it.
        let sockets = [port, 5_432].map { "\(cluster.folder)/.s.PGSQL.\($0)" }
        let output = Pipe()
        relay.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        relay.arguments = ["python3", script] + sockets + ["\(milliseconds)"]
        relay.standardOutput = output
        relay.standardInput = FileHandle.nullDevice
        try relay.run()
        let words = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard words.hasPrefix("ready") else {
            throw ClusterError("the long way to the server was not opened")
        }
    }

    deinit {
        kill(relay.processIdentifier, SIGKILL)
        relay.waitUntilExit()
    }

    package func connection(_ database: PostgresDatabase) -> String {
        cluster.connection(database.name) + " port=\(port)"
    }
}
