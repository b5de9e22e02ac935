// A store as a whole, for shells that open one and hand its ports to those who need them.
package import SendonceCore

/// Where a store's data is, and how anybody notices that something was committed there.
package protocol StorePlace: Sendable {
    /// Changes whenever another connection committed something; comparable on this store only. nil where
    /// asking costs a round trip and a look at the tables is as cheap.
    func dataVersion() throws(StoreError) -> Int64?

    /// Throws `.damaged` if what is open is no longer what others find at the same place.
    func checkPlace() throws(StoreError)

    /// Makes sure that the engine does what the store rests on; throws `.unavailable` that names what is
    /// missing.
    func probe() throws(StoreError)
}

package typealias AnyStore = any ProjectionStore & CommandQueue & AuditReader & PastReader & IntakeWriter
    & StoreClock & StorePlace & TransferSource & RebuildTarget & ActWriter & FenceKeeper

/// One migration, with the time at which it was applied here, if it was.
package struct MigrationStep: Hashable, Sendable {
    package var number: Int
    package var name: String
    package var appliedAt: Timestamp?

    package init(number: Int, name: String, appliedAt: Timestamp?) {
        self.number = number
        self.name = name
        self.appliedAt = appliedAt
    }
}

/// Brings a database to this program's schema, or says where it stands.
package protocol Migration: Sendable {
    /// The version that this program needs.
    static var newest: Int { get }
    /// All migrations as one script for the application's own migration tool.
    static var sql: String { get }
    /// Applies what is missing; returns the numbers that this call applied.
    func up(now: Timestamp) throws(StoreError) -> [Int]
    /// Changes nothing.
    func status() throws(StoreError) -> [MigrationStep]
}
