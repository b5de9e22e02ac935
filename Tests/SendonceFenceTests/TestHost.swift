// A host with a directory of its own, and a log in a file that tests copy, restore and work on.
import Foundation
import GRDB
import SendonceCore
import SendonceFence
import SendonceSQLite
import SendonceStore
import Testing

/// Removed with all that is in it.
final class TestFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.appending(path: "sendonce-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A migrated file.
    func log(_ name: String = "shop.sqlite") throws -> SQLiteStore {
        _ = try SQLiteMigration(path: "\(path)/\(name)").up(now: .start)
        return try open(name)
    }

    func open(_ name: String = "shop.sqlite") throws -> SQLiteStore {
        try SQLiteStore(path: "\(path)/\(name)")
    }

    /// What a backup program does: a whole copy of what is committed.
    func copy(_ name: String, to other: String) throws {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: "\(path)/\(other)\(suffix)")
        }
        let source = try DatabaseQueue(path: "\(path)/\(name)")
        let target = try DatabaseQueue(path: "\(path)/\(other)")
        try source.backup(to: target)
        try target.close()
    }

    func sql(_ text: String) throws {
        try DatabaseQueue(path: "\(path)/shop.sqlite").writeWithoutTransaction { try $0.execute(sql: text) }
    }

    /// The first column of all rows, as text.
    func texts(_ query: String) throws -> [String] {
        try DatabaseQueue(path: "\(path)/shop.sqlite").read { try String.fetchAll($0, sql: query) }
    }

    /// What this host keeps of a store. Hosts differ by their directory; all are one machine.
    func host(_ store: any FenceKeeper, _ directory: String = "state") throws -> FenceGuard {
        try FenceGuard(store, surroundings: "machine", directory: "\(path)/\(directory)", actor: "ann")
    }

    /// What a person does: puts the log in force here again, whatever `commands` stay held.
    func lift(_ store: SQLiteStore, on directory: String = "state", commands: Int64) throws {
        let host = try host(store, directory)
        _ = try host.examine()
        let order = ActOrder(
            kind: .liftFence, request: Text(UUID().uuidString), actor: "ann", reason: "restored",
            now: try store.now())
        guard case .done = try store.lift(host.lifted(by: order), order, confirmed: commands) else {
            Issue.record("not lifted")
            return
        }
    }

    /// The only witness in the directory.
    func witness(_ directory: String = "state") throws -> String {
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(directory)")
        #expect(files.count == 1)
        return "\(path)/\(directory)/\(files.first ?? "")"
    }
}

extension SQLiteStore {
    /// One event with one command, due at once.
    func emit(_ key: Text) throws {
        let head = try logEnds()?.head ?? .empty
        let event = Event(
            id: nil, type: "a", source: "", subject: nil, payload: Array("{}".utf8), occurredAt: .start)
        let next = head.adding(event)
        let made = Key(scope: "r", parts: [key])
        guard let address = EmailAddress("ann@x.test") else { throw StoreError.failed("not an address") }
        let command = Command(
            id: CommandID(key: made.digest, slot: "forever", generation: 1), position: next.position,
            rule: "r",
            item: 0, key: made, slot: "forever", generation: 1, ruleSet: .zero, recipient: address,
            route: "a", occurredAt: .start, notBefore: .start, expiresAt: nil, onUnknown: nil,
            supersedeDigest: nil)
        var batch = ProjectedBatch()
        batch.events = [
            LoggedEvent(position: next.position, event: event, link: next.link, recordedAt: .start)
        ]
        batch.decisions = [
            Decision(
                position: next.position, rule: "r", item: 0, reason: .emitted, key: made,
                recipient: "ann@x.test", command: command)
        ]
        let complete = batch
        try project { (open: any ProjectionTransaction) throws(StoreError) in try open.write(complete) }
    }
}

extension CommandQueue {
    /// Begins an attempt on all that is due, as a dispatcher does to which nothing came back; `started` tells
    /// claims apart.
    @discardableResult
    func claimAll(at started: Timestamp = .start) throws -> [ClaimedCommand] {
        try settle(
            [], thenClaim: [RouteShare(route: "a", commands: 10)], now: started, lease: .minutes(1),
            dispatcher: "d"
        ) { _ in .attempt(request: .zero) }.claim.get().claimed
    }
}

/// The words of a refusal; nil if nothing was refused.
func refusal(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch let StoreError.fenced(words) {
        return words
    } catch {
        return "not a fence: \(error)"
    }
}

extension Timestamp {
    /// 2026-11-21T00:00:00Z: when every test begins.
    static let start = Timestamp(microseconds: 1_795_219_200_000_000)
}
