// An import writes into an empty database only, goes on after an interruption, and leaves it fenced.
import SendonceBundle
import SendonceCore
import SendonceProjection
import SendonceStore
import SendonceTransfer
import Testing

@Suite(.serialized) struct ImportTests {
    private func exported(_ kind: PlaceKind = .file) throws -> (place: Place, file: LogFile) {
        let place = try Place(kind)
        try place.fill()
        try place.export()
        return (place, try LogFile(path: place.path()))
    }

    @discardableResult
    private func run(_ file: LogFile, into target: any TransferTarget) throws -> ImportReport {
        try Import(file, into: target).run(actor: "ann", reason: "lost the disk", now: .start)
    }

    @Test(
        "What was imported decides and sends nothing, and says why and what is next",
        arguments: PlaceKind.allCases)
    func fenced(kind: PlaceKind) throws {
        let (_, file) = try exported()
        let target = try Place(kind)
        try run(file, into: target.store)
        let record = try #require(try target.store.authority())
        #expect(record.state == .copy && record.isImport && record.digest == nil)
        let refusal = try #require(record.refusal)
        #expect(
            refusal.contains("imported from the file \(file.path) by ann")
                && refusal.contains("sendonce rebuild"))
        _ = try target.store.append(Place.order(99))
        #expect(words { try target.project() } == refusal)
        #expect(words { try target.store.project { _ throws(StoreError) in } } == refusal)
        #expect(words { try target.activate(Place.rules("3")) }.contains("imported from"))
        let act = TransferAct(actor: "ann", reason: "r", now: .start)
        #expect(
            words { _ = try TransferConfirmation.confirm(target.store, source: nil, act) }
                .contains("imported from"))
    }

    @Test("A database that holds anything is refused, and nothing is written", arguments: PlaceKind.allCases)
    func notEmpty(kind: PlaceKind) throws {
        let (_, file) = try exported()
        let logged = try Place(kind)
        try logged.log([Event(type: "a.b", payload: Array("{}".utf8), occurredAt: .start)])
        #expect(
            words { try run(file, into: logged.store) }.contains(
                "this one holds 1 events in the log and 0 in"))
        let waiting = try Place(kind)
        _ = try waiting.store.append(Place.order(1))
        #expect(
            words { try run(file, into: waiting.store) }.contains(
                "holds 0 events in the log and 1 in the intake"))
        for place in [logged, waiting] {
            #expect(try place.store.authority() == nil && rows(.ruleSet, of: place.store).isEmpty)
        }
        let other = try Place(.file)
        try other.log([Event(type: "a.b", payload: Array("{}".utf8), occurredAt: .start)])
        try other.export()
        let target = try Place(kind)
        try run(file, into: target.store)
        #expect(
            words { try run(try LogFile(path: other.path()), into: target.store) }.contains(
                "was imported from"))
    }

    @Test("Killed at any step, the same command goes on to the same end", arguments: PlaceKind.allCases)
    func interrupted(kind: PlaceKind) throws {
        let (place, file) = try exported()
        var step = 0
        while true {
            step += 1
            let target = try Place(kind)
            let failing = FailingTarget(store: target.store, failing: step)
            let first = words { try run(file, into: failing) }
            if first == "nothing was wrong" { break }
            #expect(first.contains("killed here"), "step \(step)")
            #expect(step == 1 || isFenced(target), "step \(step)")
            let report = try run(file, into: target.store)
            #expect(report.isContinued == (step > 1))
            for table in [TransferTable.log, .ruleSet, .activation, .scope] {
                #expect(try rows(table, of: target.store) == rows(table, of: place.store), "step \(step)")
            }
        }
        #expect(step == 9)
    }

    private func isFenced(_ target: Place) -> Bool {
        words { try target.store.project { _ throws(StoreError) in } }.contains(
            "nothing is decided or sent here")
    }

    @Test("A row that is written otherwise than the file has it is found when it is read back")
    func changedOnTheWay() throws {
        let (_, file) = try exported()
        let target = try Place(.file)
        let changing = FailingTarget(store: target.store, failing: 0, isChanging: true)
        #expect(
            words { try run(file, into: changing) }.contains("position 1 was not written as the file has it"))
        #expect(isFenced(target))
    }

    @Test("A file that changes between its check and its import is noticed before the page is written")
    func changedMeanwhile() throws {
        let (place, file) = try exported()
        var bytes = try place.bytes()
        let order = try #require(bytes.firstRange(of: Array("\"order\":7".utf8)))
        bytes[order.upperBound - 1] = UInt8(ascii: "8")
        _ = try place.write(bytes, to: "export.jsonl")
        let target = try Place(.file)
        #expect(
            words { try run(file, into: target.store) }.contains("changed while it was read, at position 8"))
        #expect(try events(of: target.store).isEmpty)
        #expect(isFenced(target))
    }

    @Test("A part that does not begin with the log, or has no event, is refused")
    func part() throws {
        let (place, _) = try exported()
        try place.export(from: 3)
        let target = try Place(.file)
        let late = try LogFile(path: place.path())
        #expect(
            words { try run(late, into: target.store) }.contains("begins with position 3: an import needs"))
        try place.export(through: 3)
        try run(try LogFile(path: place.path()), into: target.store)
        #expect(try events(of: target.store).count == 3)
    }

    @Test("What PostgreSQL cannot hold is said before anything is written there")
    func unplain() throws {
        let place = try Place(.file)
        let payloads: [[UInt8]] = [Array("{}".utf8), Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8)]
        try place.log(payloads.map { Event(type: "a.b", payload: $0, occurredAt: .start) })
        try place.export()
        let server = try Place(.server)
        let found = words { try run(try LogFile(path: place.path()), into: server.store) }
        #expect(found.contains("cannot hold a NUL or bytes that are not UTF-8, which stand in position 2"))
        #expect(try server.store.authority() == nil)
        try place.log([Event(type: "a.b", subject: "\u{0}", payload: Array("{}".utf8), occurredAt: .start)])
        try place.export(from: 3)
        #expect(try LogFile(path: place.path()).firstUnplainPosition == 3)
    }
}

/// A database that fails at a chosen step as if the process had been killed there, or changes what is
/// written.
private final class FailingTarget: TransferTarget {
    private let store: AnyStore
    private let failing: Int
    private let isChanging: Bool
    // Used by one thread only: a test calls one method after the other.
    private nonisolated(unsafe) var step = 0

    init(store: AnyStore, failing: Int, isChanging: Bool = false) {
        self.store = store
        self.failing = failing
        self.isChanging = isChanging
    }

    private func take() throws(StoreError) {
        step += 1
        if step == failing { throw .unavailable("killed here") }
    }

    func begin(_ record: AuthorityRecord) throws(StoreError) {
        try take()
        try store.begin(record)
    }

    func write(_ page: TransferPage, transfer: Text) throws(StoreError) {
        try take()
        var rows = page.rows
        if isChanging, page.table == .log { rows[0][5] = .text(Array("{}".utf8)) }
        try store.write(
            TransferPage(table: page.table, after: page.after, rows: rows, isLast: page.isLast),
            transfer: transfer)
    }

    func arrive(_ events: [IntakeEvent], transfer: Text) throws(StoreError) -> Int {
        try store.arrive(events, transfer: transfer)
    }
    func arrived(
        with transfer: Text, after number: Int64, limit: Int, bytes: Int
    ) throws(StoreError) -> [IntakeEvent] {
        try store.arrived(with: transfer, after: number, limit: limit, bytes: bytes)
    }
    func continueNumbers(after intakeNumber: Int64) throws(StoreError) {
        try store.continueNumbers(after: intakeNumber)
    }
    func record(_ record: AuthorityRecord) throws(StoreError) { try store.record(record) }
    var keepsEveryText: Bool { store.keepsEveryText }
    func place() throws(StoreError) -> Text { try store.place() }
    func authority() throws(StoreError) -> AuthorityRecord? { try store.authority() }
    func count(of table: TransferTable) throws(StoreError) -> Int64 { try store.count(of: table) }
    func intakeCount() throws(StoreError) -> Int64 { try store.intakeCount() }
    func rows(
        of table: TransferTable, after key: TransferRow?, limit: Int, bytes: Int
    ) throws(StoreError) -> [TransferRow] {
        try store.rows(of: table, after: key, limit: limit, bytes: bytes)
    }
}
