// The clock by which a store's leases and due times are judged.
package import SendonceCore

/// On many hosts, the database's: a host whose own clock is off must not take what another one holds.
package protocol StoreClock: Sendable {
    func now() throws(StoreError) -> Timestamp
}
