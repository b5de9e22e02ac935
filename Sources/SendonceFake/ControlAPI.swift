// The control interface under /fake/ on the provider's own port: what a test in another process asks and
// orders, and an inbox for people.

import Foundation
import NIOCore
import NIOHTTP1

extension FakeBrevo {
    /// Answers one request under `/fake/`.
    ///
    /// Known: GET `accepted` (with `key`, `from`, `limit` in the query), `accepted/count`, `requests/count`,
    /// `chaos`, `log`, `inbox`; POST `chaos`, `reset`.
    func control(_ method: HTTPMethod, _ uri: String, _ body: ByteBuffer) -> Answer {
        let parts = URLComponents(string: uri)
        let path = parts?.path ?? uri
        switch (path, method) {
        case ("/fake/accepted", .GET):
            return acceptedAnswer(parts?.queryItems ?? [])
        case ("/fake/accepted/count", .GET):
            return Self.object(["count": tally().accepted])
        case ("/fake/requests/count", .GET):
            let tally = tally()
            return Self.object([
                "count": tally.requests, "accepted": tally.accepted, "duplicates": tally.duplicates,
                "spoilt": tally.spoilt, "abandoned": tally.abandoned,
            ])
        case ("/fake/log", .GET):
            let lines = log().map { $0.line + "\n" }.joined()
            return Answer(status: 200, contentType: "application/jsonl", body: Array(lines.utf8))
        case ("/fake/inbox", .GET):
            return Answer(
                status: 200, contentType: "text/plain; charset=utf-8",
                body: Array(Inbox.text(accepted()).utf8))
        case ("/fake/chaos", .GET):
            return Self.object(chaos().members)
        case ("/fake/chaos", .POST):
            do throws(FakeError) {
                let data = Data(body.readableBytesView)
                try change { (chaos) throws(FakeError) in try chaos.apply(data) }
                return Self.object(chaos().members)
            } catch {
                guard case .chaosInvalid(let reason) = error else {
                    return Answer(refusal: .invalid("\(error)"))
                }
                return Answer(refusal: .invalid(reason))
            }
        case ("/fake/reset", .POST):
            return reset() ? Self.object(["reset": true]) : Answer(refusal: .notRecorded)
        case ("/fake/accepted", _), ("/fake/accepted/count", _), ("/fake/requests/count", _),
            ("/fake/log", _),
            ("/fake/inbox", _), ("/fake/chaos", _), ("/fake/reset", _):
            return Answer(refusal: .wrongMethod)
        default:
            return Answer(refusal: .unknownPath)
        }
    }

    private func acceptedAnswer(_ query: [URLQueryItem]) -> Answer {
        var listed = accepted()[...]
        for item in query {
            let number = item.value.flatMap { Int($0) }
            switch (item.name, number) {
            case ("key", _):
                let key = item.value ?? ""
                listed = listed.filter { $0.key?.utf8.elementsEqual(key.utf8) ?? false }[...]
            case ("from", let number?) where number >= 0:
                listed = listed.dropFirst(number)
            case ("limit", let number?) where number >= 0:
                listed = listed.prefix(number)
            default:
                return Answer(
                    refusal: .invalid("the query knows key, from and limit; the last two are numbers"))
            }
        }
        // One object a line, so that a long list can be read and compared by people.
        var body = Array("[".utf8)
        var separator = "\n"
        for acceptance in listed {
            body += separator.utf8
            body += acceptance.line(withDuplicates: true)
            separator = ",\n"
        }
        body += "\n]\n".utf8
        return Answer(status: 200, body: body)
    }

    private static func object(_ members: [String: Any]) -> Answer {
        Answer(status: 200, body: JSON.bytes(members) + [UInt8(ascii: "\n")])
    }
}
