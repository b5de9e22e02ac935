// A backfill's event read back from the log, for those who replay and for those who explain.
package import SendonceCore

extension Backfill {
    /// From the bytes of its event's payload; nil if they are none, which only a changed log can hold.
    package init?(payload bytes: [UInt8]) {
        guard let document = try? PayloadReader.document(bytes) else { return nil }
        self.init(payload: document)
    }
}
