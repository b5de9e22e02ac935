// When a log is fenced, and when it must not be.
import Foundation
import SendonceCore
import SendonceFence
import SendonceSQLite
import SendonceStore
import Testing

@Suite struct GuardTests {
    /// A log that was in force, with one command claimed and remembered.
    private func shop() throws -> TestFolder {
        let folder = try TestFolder()
        let store = try folder.log()
        try store.emit("1")
        let host = try folder.host(store)
        try host.enter()
        #expect(try GuardedQueue(store, fence: host).claimAll().count == 1)
        return folder
    }

    @Test("A first start puts the log in force; a restart finds nothing wrong")
    func restart() throws {
        let folder = try shop()
        for _ in 1...3 {
            let host = try folder.host(folder.open())
            try host.enter()
            #expect(!host.isWitnessNew)
        }
        #expect(try folder.open().homeRecord()?.reason == "first start")
    }

    @Test("Two processes of one host that start together on a new log do not take each other for a restore")
    func together() throws {
        let folder = try TestFolder()
        let store = try folder.log()
        try store.emit("1")
        // The other one comes to its end, the witness included, between two looks of this one.
        let other = try folder.host(folder.open())
        let crowded = CrowdedStore(store) { () throws(StoreError) in try other.enter() }
        let host = try folder.host(crowded)
        try host.enter()
        #expect(host.isArmed && other.isArmed)
        #expect(try store.homeRecord()?.state == .bound)
    }

    @Test("An empty log is nobody's: it is put in force before its first claim")
    func empty() throws {
        let folder = try TestFolder()
        let store = try folder.log()
        let host = try folder.host(store)
        #expect(try host.examine() == .empty)
        try host.enter()
        #expect(!host.isArmed)
        let queue = GuardedQueue(store, fence: host)
        #expect(try queue.claimAll().isEmpty)
        #expect(try store.homeRecord() == nil)
        try store.emit("1")
        #expect(try queue.claimAll().count == 1)
        #expect(host.isArmed)
        #expect(try store.homeRecord()?.state == .bound)
    }

    @Test("A copy beside the original is fenced, and the original goes on")
    func copy() throws {
        let folder = try shop()
        try folder.open().emit("2")
        try folder.copy("shop.sqlite", to: "staging.sqlite")
        let staging = try folder.open("staging.sqlite")
        let words = refusal { try folder.host(staging).enter() }
        #expect(words?.contains("copied or moved from \(folder.path)/shop.sqlite") == true, "\(words ?? "")")
        #expect(try staging.plan(.release, CommandSelection(hold: .fence)).count == 2)
        #expect(try staging.claimAll().isEmpty)
        #expect(refusal { try staging.emit("3") } != nil)
        // Recorded, so also for who comes later, from wherever.
        #expect(refusal { try folder.host(staging, "elsewhere").enter() } != nil)
        let original = try folder.open()
        try folder.host(original).enter()
        #expect(try original.claimAll().count == 1)
    }

    @Test("The same path on another machine is another home")
    func machine() throws {
        let folder = try shop()
        let store = try folder.open()
        let other = try FenceGuard(
            store, surroundings: "another machine", directory: "\(folder.path)/other", actor: "ann")
        guard case .copied = try other.examine() else {
            Issue.record("not noticed")
            return
        }
    }

    @Test("A link to the file is no other home")
    func link() throws {
        let folder = try shop()
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/link.sqlite", withDestinationPath: "\(folder.path)/shop.sqlite")
        try folder.host(folder.open("link.sqlite")).enter()
    }

    @Test("An old backup in the place of the file is fenced: a claim is missing")
    func restore() throws {
        let folder = try shop()
        try folder.open().emit("2")
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        do {
            let store = try folder.open()
            let host = try folder.host(store)
            try host.enter()
            #expect(try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(1)).count == 1)
        }
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        let words = refusal { try folder.host(folder.open()).enter() }
        #expect(words?.contains("began attempt 1 of message 2") == true, "\(words ?? "")")
        #expect(try folder.open().plan(.release, CommandSelection(hold: .fence)).count == 2)
    }

    @Test("A backup from before the log was ever in force is fenced too")
    func restoreBeforeFirstStart() throws {
        let folder = try TestFolder()
        let store = try folder.log()
        try store.emit("1")
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        let host = try folder.host(store)
        try host.enter()
        try GuardedQueue(store, fence: host).claimAll()
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        #expect(refusal { try folder.host(folder.open()).enter() }?.contains("restored") == true)
    }

    @Test("A database that is ahead of what was remembered is no alarm: a kill came between")
    func ahead() throws {
        let folder = try shop()
        let store = try folder.open()
        try store.emit("2")
        // Claimed and committed; the process ends before it could write that down.
        #expect(try store.claimAll(at: .start + .hours(1)).count == 1)
        try folder.host(folder.open()).enter()
    }

    @Test("A torn witness still notices what its older writing saw, and is no alarm by itself")
    func torn() throws {
        let folder = try shop()
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        do {
            let store = try folder.open()
            let host = try folder.host(store)
            try host.enter()
            for number in 2...4 {
                try store.emit(Text("\(number)"))
                try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(Int64(number)))
            }
        }
        let path = try folder.witness()
        let whole = try Data(contentsOf: URL(filePath: path))
        for slot in [0, 1_024] {
            var torn = whole
            torn[slot + 300] ^= 0xFF
            try torn.write(to: URL(filePath: path))
            try folder.host(folder.open()).enter()
            try whole.write(to: URL(filePath: path))
        }
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        for slot in [0, 1_024] {
            var torn = whole
            torn[slot + 300] ^= 0xFF
            try torn.write(to: URL(filePath: path))
            guard case .rewound = try folder.host(folder.open()).examine() else {
                Issue.record("slot \(slot): not noticed")
                continue
            }
        }
    }

    @Test("Without its witness a host notices copies only, and says so")
    func lost() throws {
        let folder = try shop()
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        do {
            let store = try folder.open()
            let host = try folder.host(store)
            try host.enter()
            try store.emit("2")
            try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(1))
        }
        try FileManager.default.removeItem(atPath: try folder.witness())
        try folder.copy("backup.sqlite", to: "staging.sqlite")
        #expect(refusal { try folder.host(folder.open("staging.sqlite")).enter() } != nil)
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        let host = try folder.host(folder.open())
        try host.enter()
        #expect(host.isWitnessNew)
    }

    @Test("Of three hosts each notices what it has seen itself, and tells the others")
    func hosts() throws {
        let folder = try shop()
        let store = try folder.open()
        for name in ["b", "c"] { try folder.host(store, name).enter() }
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        do {
            let host = try folder.host(store, "b")
            try host.enter()
            try store.emit("2")
            try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(1))
        }
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        #expect(
            try folder.host(folder.open(), "c").examine() == .inForce(try #require(try store.homeRecord())))
        #expect(refusal { try folder.host(folder.open(), "b").enter() } != nil)
        for name in ["state", "c"] {
            #expect(refusal { try folder.host(folder.open(), name).enter() } != nil)
        }
    }

    @Test("After a fence was lifted, what was seen before it counts no more, on every host")
    func lifted() throws {
        let folder = try shop()
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        for name in ["state", "b"] {
            let store = try folder.open()
            let host = try folder.host(store, name)
            try host.enter()
            try store.emit(Text(name))
            try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(1))
        }
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        let store = try folder.open()
        #expect(refusal { try folder.host(store).enter() } != nil)
        try folder.lift(store, commands: 1)
        for name in ["state", "b"] { try folder.host(folder.open(), name).enter() }
        // And from here on it is watched again.
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        #expect(refusal { try folder.host(folder.open(), "b").enter() } != nil)
    }

    @Test("A restore under a process that works is noticed at its next claim")
    func underneath() throws {
        let folder = try shop()
        let store = try folder.open()
        let host = try folder.host(store)
        try host.enter()
        let queue = GuardedQueue(store, fence: host)
        try store.emit("2")
        try queue.claimAll(at: .start + .hours(1))
        // The claim of this process is gone, as after a failover that lost it.
        try folder.forgetLastAttempt()
        #expect(refusal { try queue.claimAll(at: .start + .hours(2)) }?.contains("went back") == true)
        #expect(refusal { try store.emit("3") }?.contains("went back") == true)
    }

    @Test("What cannot be remembered is not sent: the claims are given back, and nothing counts")
    func full() throws {
        let folder = try TestFolder()
        let store = try folder.log()
        try store.emit("1")
        let host = try folder.host(store)
        try host.enter()
        // From now on every writing meets a full disk.
        let path = try folder.witness()
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
        let fullHost = try FenceGuard(
            store, surroundings: "machine", directory: "\(folder.path)/state", actor: "ann")
        #expect(throws: StoreError.self) { try fullHost.enter() }
        let error = #expect(throws: StoreError.self) {
            try GuardedQueue(store, fence: fullHost).claimAll()
        }
        #expect(error?.description.contains("nothing is sent") == true, "\(error?.description ?? "")")
        #expect(try store.counts().queued == ["pending": 1])
        let attempts = try store.messages(MessageFilter(), before: nil, limit: 1).flatMap {
            try store.attempts(of: $0.id)
        }
        #expect(attempts.map { $0.outcome?.verdict.code } == ["never_left"])
    }
}

extension TestFolder {
    /// Takes the newest attempt away, and puts its command back, as if it had never been claimed.
    fileprivate func forgetLastAttempt() throws {
        try sql(
            """
            DROP TRIGGER outbox_attempt_no_delete;
            UPDATE outbox_queue SET state = 'pending', lease_end = NULL, attempts = 0, token = 0,
                request_digest = NULL
                WHERE command = (SELECT max(command) FROM outbox_attempt);
            DELETE FROM outbox_attempt WHERE command = (SELECT max(command) FROM outbox_attempt)
            """)
    }
}
