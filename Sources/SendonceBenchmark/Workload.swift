// What is measured with: one kind of event, one rule, fresh files.
import CBare
import Foundation
import SendonceCore
import SendonceProjection
import SendonceRules
import SendonceSQLite
import SendonceStore

enum Workload {
    static let eventType = "order.placed"

    static let rules = """
        version: 1
        defaults: { route: brevo, from: "Shop <no-reply@shop.example>" }
        rules:
          order-confirmation:
            event: order.placed
            to: data.customer.email
            once_per: [data.order_id]
            template: { provider_id: "3", params: { name: data.customer.first_name, order: data.order_id } }
        """

    /// About 325 bytes. Orders come in order, customers do not: index pages are met as a shop meets them.
    static func payload(_ order: Int) -> String {
        let customer = order &* 7_919 % 1_000_003
        return """
            {"order_id":\(10_000_000 + order),"customer":{"id":\(customer),"first_name":"Ann",\
            "last_name":"Example","email":"customer\(customer)@mail.example"},\
            "total":"129.90","currency":"EUR","items":[\
            {"sku":"A-1009","name":"Kettle, brushed steel","quantity":1,"price":"79.90"},\
            {"sku":"B-2210","name":"Tea, 100 bags","quantity":2,"price":"25.00"}],"shipping":"standard"}
            """
    }

    /// A migrated file in the folder, with the rule set in force unless `isBare`.
    static func database(
        _ name: String, in folder: TemporaryFolder, isBare: Bool = false, rules: String = rules
    ) throws -> String {
        let path = folder.path(name)
        _ = try SQLiteMigration(path: path).up(now: Clock.now())
        guard !isBare else { return path }
        try activate(rules, in: try SQLiteStore(path: path))
        return path
    }

    /// Brings a rule set into force.
    static func activate(_ rules: String = rules, in store: AnyStore) throws {
        let parsed = try RuleFile.parse(Array(rules.utf8), fileName: "rules.yaml") { _ in nil }
        let plan = try RuleSetActivation.plan(parsed, in: store)
        _ = try RuleSetActivation.activate(
            plan, actor: "benchmark", reason: "benchmark", confirmedKeys: nil, now: Clock.now(), in: store)
    }

    /// Adds events to the intake, a thousand to a transaction and few in memory.
    static func fill(_ path: String, orders: Range<Int>) throws {
        var next = orders.lowerBound
        while next < orders.upperBound {
            let end = min(next + 20_000, orders.upperBound)
            _ = try bareAppend(path, (next..<end).map(payload), rows: 1_000)
            next = end
        }
    }

    /// What the C program needs to insert the payloads.
    static func bareAppend(
        _ path: String, _ payloads: [String], rows: Int, type: String = eventType
    ) throws -> Cost {
        let copies = payloads.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        let pointers = copies.compactMap { $0.map { UnsafePointer($0) } }
        let cost = pointers.withUnsafeBufferPointer { pointers in
            pointers.baseAddress.map { cbare_append(path, type, $0, pointers.count, rows) }
        }
        guard let cost = cost.flatMap({ Cost($0) }) else {
            throw BenchmarkError("the C program could not insert into \(path)")
        }
        return cost
    }
}

/// A folder of its own below TMPDIR, which goes when the last owner lets go.
final class TemporaryFolder {
    private let place: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/sendonce-benchmark-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchmarkError("no folder could be made for the databases")
        }
        place = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: place)
    }

    func path(_ name: String) -> String { place + "/" + name }

    /// Removes a database that is no longer needed.
    func remove(_ name: String) {
        for ending in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: path(name + ending))
        }
    }
}
