// A PostgreSQL server of one test's own, durable as in production, that can be killed, restarted and followed
// by a replica.
import Foundation
import PostgresSupport
import ProcessSupport
import SendoncePostgres

/// Data, socket and processes of one server; gone with the last reference.
final class Server {
    /// The folder of the socket, which is also the host to connect to.
    let folder: String
    private let sandbox: Sandbox
    private let programs: String
    /// Words before the program, such as those that enter a network namespace.
    private let wrapper: [String]
    private let options: [String]
    private var process: Program?

    /// Makes a cluster and starts it.
    convenience init(options: [String] = [], under wrapper: [String] = []) throws {
        try self.init(options: options, under: wrapper) { server in
            try server.finish(
                "initdb", "-D", server.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C.UTF-8", "-N")
            // Whoever reaches the address on which it listens is let in; by default it has none.
            let access = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(server.data)/pg_hba.conf"))
            try access.seekToEnd()
            try access.write(contentsOf: Data("host all all samenet trust\n".utf8))
            try access.close()
        }
    }

    /// Makes a replica of another server, which it follows, and starts it. Its name there is `replica`.
    convenience init(following primary: Server) throws {
        try self.init(options: ["cluster_name=replica"], under: []) { server in
            try server.finish(
                "pg_basebackup", "-h", primary.folder, "-U", "postgres", "-D", server.data, "-R", "-c",
                "fast",
                "--no-sync")
        }
    }

    private init(options: [String], under wrapper: [String], fill: (Server) throws -> Void) throws {
        // A socket's path must be short.
        folder = "/tmp/sendonce-server-\(UUID().uuidString.prefix(13))"
        sandbox = try Sandbox()
        programs = try PostgresCluster.programs()
        self.options = options
        self.wrapper = wrapper
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if getuid() == 0 { _ = try Program("/bin/chown", ["postgres", folder], in: sandbox).finish() }
        try fill(self)
        try start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func connection(_ database: String = "shop") -> String {
        "host=\(folder) user=postgres dbname=\(database)"
    }

    /// A superuser's connection.
    func plain(_ database: String = "postgres") -> PlainConnection {
        PlainConnection(connection(database))
    }

    /// What it wrote down since it was started.
    var log: String { process?.errorText ?? "" }

    /// An empty database of this name, and how to connect to it.
    func database(_ name: String = "shop") throws -> String {
        try plain().run("CREATE DATABASE \(name) TEMPLATE template0")
        return connection(name)
    }

    /// Starts it, and waits until it answers. The server that was killed may still be dying.
    func start() throws {
        let defaults = [
            "listen_addresses=", "unix_socket_directories=\(folder)", "max_prepared_transactions=10",
            "shared_buffers=64MB", "log_min_messages=warning", "fsync=on",
        ]
        let settings = (defaults + options).flatMap { ["-c", $0] }
        try eventually("the server answers: \(process?.errorText ?? "")") {
            if process?.isRunning != true {
                process = try kept(["\(programs)/postgres", "-D", data] + settings)
            }
            return try Program("\(programs)/pg_isready", ["-q", "-h", folder, "-U", "postgres"], in: sandbox)
                .wait() == 0
        }
    }

    /// A whole copy of the cluster's files, as it is now.
    func baseBackup() throws -> String {
        let copy = "\(folder)/backup"
        try finish("pg_basebackup", "-h", folder, "-U", "postgres", "-D", copy, "-c", "fast", "--no-sync")
        return copy
    }

    /// Ends the server and starts it again on the files of a backup.
    func putBack(_ copy: String) throws {
        kill()
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: copy, toPath: data)
        try start()
    }

    /// SIGKILL for every process of the server at once, as if the machine had lost its power.
    func kill() {
        guard let main = identifier() else { return }
        // So that it cannot start another one meanwhile.
        Foundation.kill(main, SIGSTOP)
        let children =
            (try? String(contentsOfFile: "/proc/\(main)/task/\(main)/children", encoding: .utf8)) ?? ""
        for child in children.split(separator: " ").compactMap({ Int32($0) }) {
            Foundation.kill(child, SIGKILL)
        }
        Foundation.kill(main, SIGKILL)
        process?.wait()
        process = nil
    }

    /// Runs one of PostgreSQL's programs as its user, to its end.
    func finish(_ program: String, _ arguments: String...) throws {
        let result = try kept(["\(programs)/\(program)"] + arguments).finish()
        guard result.status == 0 else { throw ClusterError("\(program): \(result.errors)") }
    }

    private var data: String { "\(folder)/data" }

    /// The number of the server's main process stands in the first line of this file.
    private func identifier() -> Int32? {
        guard process?.isRunning == true,
            let file = try? String(contentsOfFile: "\(data)/postmaster.pid", encoding: .utf8)
        else { return nil }
        return file.split(separator: "\n").first.flatMap { Int32($0) }
    }

    private func kept(_ words: [String]) throws -> Program {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("kept.sh").path
        let parent = "\(ProcessInfo.processInfo.processIdentifier)"
        let all = wrapper + ["/bin/sh", script, parent] + words
        return try Program(all[0], Array(all.dropFirst()), in: sandbox)
    }
}
