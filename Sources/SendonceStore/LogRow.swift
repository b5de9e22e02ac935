// Events of the log as rows of its table, which the ports of a transfer read and write page by page.
package import SendonceCore

extension TransferReader {
    /// Events behind a position, ascending, bounded in number and in bytes.
    package func logPage(after position: Int64, limit: Int, bytes: Int) throws(StoreError) -> [LoggedEvent] {
        let rows = try rows(of: .log, after: [.integer(position)], limit: limit, bytes: bytes)
        var events: [LoggedEvent] = []
        events.reserveCapacity(rows.count)
        for row in rows { events.append(try LoggedEvent(row)) }
        return events
    }
}

extension LoggedEvent {
    /// In the order of `TransferTable.log`.
    package init(_ row: TransferRow) throws(StoreError) {
        guard row.count == TransferTable.log.columns.count, case .integer(let position) = row[0],
            let type = row[2].text, let source = row[3].text, case .text(let payload) = row[5],
            case .integer(let occurredAt) = row[6], case .integer(let recordedAt) = row[8],
            case .bytes(let bytes) = row[9], let link = Digest(bytes: bytes)
        else { throw .damaged("a row of outbox_log is not one") }
        self.init(
            position: position,
            event: Event(
                id: row[1].text, type: type, source: source, subject: row[4].text, payload: payload,
                occurredAt: Timestamp(microseconds: occurredAt), traceparent: row[7].text),
            link: link, recordedAt: Timestamp(microseconds: recordedAt))
    }

    package var row: TransferRow {
        [
            .integer(position), .text(event.id), .text(event.type), .text(event.source),
            .text(event.subject), .text(event.payload), .integer(event.occurredAt.microseconds),
            .text(event.traceparent), .integer(recordedAt.microseconds), .bytes(link.bytes),
        ]
    }
}

extension TransferValue {
    package static func text(_ text: Text?) -> TransferValue { text.map { .text(Array($0.utf8)) } ?? .null }

    fileprivate var text: Text? {
        guard case .text(let bytes) = self else { return nil }
        return Text(String(decoding: bytes, as: UTF8.self))
    }
}
