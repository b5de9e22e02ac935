// A log that is put in force anew: after a lifted fence, after a transfer, and where a clock went back. What
// was seen before counts no more, and what is seen since does.
import Foundation
import SendonceCore
import SendonceFence
import SendonceSQLite
import SendonceStore
import SendonceTransfer
import Testing

@Suite struct AnewTests {
    /// A log that was in force, with one command claimed and remembered.
    private func shop() throws -> TestFolder {
        let folder = try TestFolder()
        let store = try folder.log()
        try store.emit("1")
        let host = try folder.host(store)
        try host.enter()
        try GuardedQueue(store, fence: host).claimAll()
        return folder
    }

    // MARK: Idle meanwhile

    @Test("A process that was idle while the log was fenced and put in force anew ends, and undoes nothing")
    func idle() throws {
        let folder = try shop()
        let store = try folder.open()
        let idle = try folder.host(store)
        try idle.enter()
        let other = try folder.open()
        _ = try folder.host(other).putUp(.rewound(.identity))
        try folder.lift(other, commands: 1)
        try folder.host(other).enter()
        try other.emit("2")
        try folder.copy("shop.sqlite", to: "backup.sqlite")

        let words = refusal { try GuardedQueue(store, fence: idle).claimAll(at: .start + .hours(1)) }
        #expect(words?.contains("put in force anew") == true, "\(words ?? "")")
        #expect(refusal { try store.emit("3") }?.contains("put in force anew") == true)
        // Started again, it goes on; and what it does then is remembered.
        let again = try folder.host(store)
        try again.enter()
        #expect(try GuardedQueue(store, fence: again).claimAll(at: .start + .hours(2)).count == 1)
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        #expect(refusal { try folder.host(folder.open()).enter() }?.contains("restored") == true)
    }

    @Test("What was claimed before a fence and is remembered after its lift replaces nothing")
    func late() throws {
        let folder = try shop()
        let store = try folder.open()
        let late = try folder.host(store)
        try late.enter()
        let other = try folder.open()
        _ = try folder.host(other).putUp(.rewound(.identity))
        try folder.lift(other, commands: 1)
        let host = try folder.host(other)
        try host.enter()
        try other.emit("2")
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        #expect(try GuardedQueue(other, fence: host).claimAll(at: .start + .hours(1)).count == 1)
        try late.remember(ClaimMark(command: 1, attempt: 1, token: 1, startedAt: .start))
        try folder.copy("backup.sqlite", to: "shop.sqlite")
        guard case .rewound(.claim) = try folder.host(folder.open()).examine() else {
            Issue.record("not noticed")
            return
        }
    }

    @Test("A process notices that the database under it knows nothing of its being in force")
    func underneath() throws {
        let folder = try shop()
        let store = try folder.open()
        let host = try folder.host(store)
        try host.enter()
        try folder.sql("DROP TRIGGER outbox_home_no_delete; DELETE FROM outbox_home")
        #expect(refusal { try store.emit("2") }?.contains("went back") == true)
    }

    // MARK: There and back again

    /// Moves the log to a new file and puts it in force there.
    private func move(_ folder: TestFolder, _ name: String, to other: String) throws {
        let (source, target) = (try folder.open(name), try folder.log(other))
        let act = TransferAct(actor: "ann", reason: "another disk", now: try source.now())
        try Transfer(from: source, to: target).run(act, name: Text(other))
        _ = try TransferConfirmation.confirm(target, source: source, act)
    }

    /// The log of `shop`, moved away, worked on there, and moved back to its old path.
    private func back() throws -> TestFolder {
        let folder = try shop()
        try folder.copy("shop.sqlite", to: "backup.sqlite")
        try move(folder, "shop.sqlite", to: "away.sqlite")
        do {
            let store = try folder.open("away.sqlite")
            let host = try folder.host(store, "away")
            try host.enter()
            try store.emit("2")
            try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(1))
        }
        try move(folder, "away.sqlite", to: "new.sqlite")
        try folder.copy("new.sqlite", to: "shop.sqlite")
        return folder
    }

    @Test("A log that comes back to its old path is in force there, and is watched again")
    func comesBack() throws {
        let folder = try back()
        let store = try folder.open()
        let host = try folder.host(store)
        try host.enter()
        #expect(try store.homeRecord()?.reason == "first start")
        try folder.host(folder.open()).enter()
        try store.emit("3")
        try folder.copy("shop.sqlite", to: "later.sqlite")
        #expect(try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(2)).count == 1)
        try folder.copy("later.sqlite", to: "shop.sqlite")
        #expect(refusal { try folder.host(folder.open()).enter() }?.contains("began attempt 1") == true)
    }

    @Test(
        "An older backup in the place of a log that came back is fenced: from before it left, and from since")
    func olderThanThat() throws {
        let folder = try back()
        let store = try folder.open()
        let host = try folder.host(store)
        try host.enter()
        try store.emit("3")
        try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(2))
        for backup in ["backup.sqlite", "new.sqlite"] {
            try folder.copy(backup, to: "shop.sqlite")
            guard case .rewound = try folder.host(folder.open()).examine() else {
                Issue.record("\(backup) was not noticed")
                continue
            }
        }
    }

    @Test("What was confirmed before this host saw the log in force there explains nothing that is missing")
    func confirmedBefore() throws {
        let folder = try back()
        let store = try folder.open()
        // This host sends nothing, another one may have.
        try folder.host(store).enter()
        try folder.copy("new.sqlite", to: "shop.sqlite")
        guard case .rewound(.binding) = try folder.host(folder.open()).examine() else {
            Issue.record("not noticed")
            return
        }
    }

    @Test("A first start is no person's act: it voids nothing that another host has seen")
    func firstStart() throws {
        let folder = try back()
        let store = try folder.open()
        for name in ["state", "b"] { try folder.host(store, name).enter() }
        let host = try folder.host(store)
        try host.enter()
        try store.emit("3")
        try GuardedQueue(store, fence: host).claimAll(at: .start + .hours(2))
        // Back to before its first start there; the host that starts first has sent nothing.
        try folder.copy("new.sqlite", to: "shop.sqlite")
        _ = refusal { try folder.host(folder.open(), "c").enter() }
        #expect(refusal { try folder.host(folder.open()).enter() }?.contains("restored") == true)
    }

    // MARK: A clock that went back

    /// Puts the log in force, as a first start does on a machine whose clock is years ahead.
    private func ahead() throws -> TestFolder {
        let folder = try TestFolder()
        let store = try folder.log()
        try store.emit("1")
        try folder.copy("shop.sqlite", to: "unstarted.sqlite")
        let host = try folder.host(store)
        try store.bind(
            HomeRecord(
                state: .bound, home: host.home.digest, place: host.home.place, actor: "ann",
                reason: "first start", recordedAt: try store.now() + .days(3_000)))
        for name in ["state", "b"] { try folder.host(store, name).enter() }
        try GuardedQueue(store, fence: host).claimAll()
        return folder
    }

    @Test("Put in force with a clock that was ahead, a log that was fenced is put in force again, once")
    func corrected() throws {
        let folder = try ahead()
        let store = try folder.open()
        _ = try folder.host(store).putUp(.copied(from: try #require(try store.homeRecord())))
        // What is held says when that was.
        #expect(try folder.texts("SELECT held_at FROM outbox_queue").allSatisfy { $0 < "1900000000000000" })
        try folder.lift(store, commands: 1)
        for name in ["state", "b"] {
            #expect(refusal { try folder.host(folder.open(), name).enter() } == nil, "\(name)")
        }
    }

    @Test("So is one whose backup knows nothing of that start")
    func correctedBackup() throws {
        let folder = try ahead()
        try folder.copy("unstarted.sqlite", to: "shop.sqlite")
        let store = try folder.open()
        #expect(refusal { try folder.host(store).enter() } != nil)
        try folder.lift(store, commands: 1)
        for name in ["state", "b"] {
            #expect(refusal { try folder.host(folder.open(), name).enter() } == nil, "\(name)")
        }
    }
}
