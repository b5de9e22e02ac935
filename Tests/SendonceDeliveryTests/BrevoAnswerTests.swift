// Recorded answers in fixtures/providers/brevo/answers, each with the verdict that it must get.
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceTemplates
import Testing

/// One file.
struct RecordedAnswer: Decodable, Sendable, CustomTestStringConvertible {
    struct Answer: Decodable {
        var status: Int?
        var headers: [String: String]
        var body: String
        var curl: Int32
        var message: String
        var issues: Int
        /// Bytes of the body that left: a number, or `all`.
        var sent: Sent
    }

    enum Sent: Decodable {
        case all
        case bytes(Int)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            self = (try? container.decode(Int.self)).map { .bytes($0) } ?? .all
        }
    }

    struct Expected: Decodable {
        var outcome: String
        var counts: Bool
        var messageId: String?
        var code: String
        var words: String?
        var retryAfterSeconds: Int64?
        var trouble: String?
    }

    static let bodyLength = 400
    var says: String
    var answer: Answer
    var verdict: Expected

    var testDescription: String { says }

    /// All files, in the order of their names.
    static func all() -> [RecordedAnswer] {
        let folder = Example.fixtures("brevo/answers")
        let files =
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.compactMap { file in
            do {
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                return try decoder.decode(RecordedAnswer.self, from: try Data(contentsOf: file))
            } catch {
                Issue.record("\(file.lastPathComponent): \(error)")
                return nil
            }
        }
    }

    var transportAnswer: TransportAnswer {
        let sent =
            switch answer.sent {
            case .all: RecordedAnswer.bodyLength
            case .bytes(let count): count
            }
        return TransportAnswer(
            number: 7, code: answer.curl, message: answer.message, issues: answer.issues, bodyBytesSent: sent,
            status: answer.status, headers: answer.headers.map { Header($0.key, $0.value) },
            body: Array(answer.body.utf8))
    }
}

@Suite struct BrevoAnswerTests {
    @Test("Every recorded answer gets its verdict", arguments: RecordedAnswer.all())
    func recorded(_ recorded: RecordedAnswer) {
        let verdict = BrevoProvider().verdict(
            for: recorded.transportAnswer, bodyLength: RecordedAnswer.bodyLength, at: Example.brevo())
        let expected = recorded.verdict
        #expect(verdict.outcome.rawValue == expected.outcome)
        #expect(verdict.counts == expected.counts)
        #expect(verdict.messageID == expected.messageId.map { Text($0) })
        #expect(verdict.code == Text(expected.code))
        #expect(verdict.retryAfter == expected.retryAfterSeconds.map { .seconds($0) })
        #expect(verdict.trouble?.rawValue == expected.trouble)
        if let words = expected.words { #expect(verdict.words == Text(words)) }
        #expect(!verdict.words.string.contains(Example.secretText))
        #expect(verdict.words.isHeaderSafe)
    }

    @Test("There are recorded answers for every outcome and every kind of trouble")
    func complete() {
        let all = RecordedAnswer.all()
        #expect(Set(all.map(\.verdict.outcome)) == Set(Outcome.allCases.map(\.rawValue)))
        #expect(Set(all.compactMap(\.verdict.trouble)) == Set(RouteTrouble.allCases.map(\.rawValue)))
    }

    @Test("Long words are cut on a character's border, and a secret at the border does not stay in part")
    func longWords() {
        let words = String(repeating: "é", count: 2_000)
        for padding in 0..<4 {
            let text = AnswerExcerpt.text(String(repeating: "x", count: padding) + words)
            #expect(text.utf8.count <= Limits.answerExcerptBytes)
            #expect(text.utf8.count > Limits.answerExcerptBytes - 2)
            #expect(String(validating: Array(text.utf8), as: UTF8.self) != nil)
        }
        for before in 1_970...2_000 {
            let text = AnswerExcerpt.text(
                String(repeating: "x", count: before) + Example.secretText,
                without: Secret(Example.secretText))
            #expect(!text.string.contains("xkeysib"), "\(before)")
        }
    }

    @Test(
        "Every status from 200 to 599 has a verdict, and without a message id only 201 and 202 are accepted")
    func everyStatus() {
        for status in 200...599 {
            for code: Int32 in [0, 18, 23, 28, 56] {
                let answer = TransportAnswer(
                    number: 1, code: code, issues: 1, bodyBytesSent: 10, status: status)
                let verdict = BrevoProvider().verdict(for: answer, bodyLength: 10, at: Example.brevo())
                #expect((verdict.outcome == .accepted) == [201, 202].contains(status), "\(status)")
                #expect(verdict.outcome != .duplicate, "\(status) without a body proves no duplicate")
                if status >= 500 { #expect(verdict.outcome == .unknown) }
            }
        }
    }

    @Test("Without an answer, nothing is certain but what was never issued or not handed over whole")
    func everyCurlCode() {
        for code: Int32 in 0...101 {
            for issues in 0...2 {
                for sent in [0, 1, 9, 10] {
                    let answer = TransportAnswer(number: 1, code: code, issues: issues, bodyBytesSent: sent)
                    let verdict = BrevoProvider().verdict(for: answer, bodyLength: 10, at: Example.brevo())
                    let beganAgain = issues > 1 || code == 42 || code == 65
                    let isCertain = issues == 0 || (sent < 10 && !beganAgain)
                    #expect(
                        verdict.outcome == (isCertain ? .rejectedForNow : .unknown),
                        "code \(code), issues \(issues), sent \(sent)")
                }
            }
        }
    }
}
