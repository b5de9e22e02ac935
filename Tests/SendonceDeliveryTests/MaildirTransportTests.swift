// Mail into directories, on a real disk.
import Foundation
import SendonceCore
import SendonceDelivery
import SendonceMaildir
import Synchronization
import Testing

/// A new directory that is removed afterwards.
private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sendonce-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let result: Result<Void, any Error>
    do { result = .success(try await body(folder)) } catch { result = .failure(error) }
    try? FileManager.default.removeItem(atPath: folder)
    try result.get()
}

private func deliver(_ requests: [TransportRequest], by transport: MaildirTransport) async
    -> [TransportAnswer]
{
    await withCheckedContinuation { continuation in
        transport.submit(requests) { continuation.resume(returning: $0) }
    }
}

private func request(_ message: Message, to path: String, deadline: UInt64 = .max) throws -> TransportRequest
{
    let route = Example.maildir(path)
    return try MaildirProvider().request(for: message, at: route)
        .transportRequest(number: 1, issueDeadline: deadline, at: route)
}

private func reading(_ answer: TransportAnswer?, _ path: String) throws -> Verdict {
    MaildirProvider().verdict(for: try #require(answer), bodyLength: 100, at: Example.maildir(path))
}

private func files(_ path: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
}

private final class Flag: Sendable {
    let value = Atomic<Bool>(false)
}

private final class Counter: Sendable {
    let value = Atomic<Int>(0)
}

@Suite struct MaildirTransportTests {
    @Test("A message becomes one file in new, under the command's id, with exactly the request's bytes")
    func written() async throws {
        try await withFolder { folder in
            let transport = MaildirTransport()
            let path = folder + "/out"
            let request = try request(try Example.message(), to: path)
            let verdict = try reading(await deliver([request], by: transport).first, path)
            let id = Example.command().description
            #expect(verdict.outcome == .accepted)
            #expect(verdict.messageID == Text(id))
            #expect(files(path + "/new") == [id])
            #expect(files(path + "/tmp") == [])
            #expect(
                FileManager.default.contents(atPath: "\(path)/new/\(id)").map { Array($0) } == request.body)
            transport.close()
        }
    }

    @Test("A second write of the same message leaves one file and is a duplicate, also after it was read")
    func twice() async throws {
        try await withFolder { folder in
            let (first, second) = (MaildirTransport(), MaildirTransport())
            let request = try request(try Example.message(), to: folder)
            let id = Example.command().description
            #expect(try reading(await deliver([request], by: first).first, folder).outcome == .accepted)
            #expect(try reading(await deliver([request], by: second).first, folder).outcome == .duplicate)
            for name in ["\(id):2,S", "\(id),S=812:2,RS"] {
                let all =
                    files(folder + "/new").map { "/new/" + $0 } + files(folder + "/cur").map { "/cur/" + $0 }
                let there = try #require(all.first)
                try FileManager.default.moveItem(atPath: folder + there, toPath: "\(folder)/cur/\(name)")
                #expect(try reading(await deliver([request], by: second).first, folder).outcome == .duplicate)
                #expect(files(folder + "/new") == [])
            }
        }
    }

    @Test(
        "Many transports that write the same messages at once leave one file each, and one of them wrote it")
    func race() async throws {
        try await withFolder { folder in
            let requests = try (0..<30).map { try request(try Example.message(seed: UInt8($0)), to: folder) }
            let written = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        await deliver(requests, by: MaildirTransport()).count {
                            $0.status == MaildirProvider.written
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(written == requests.count)
            #expect(files(folder + "/new").count == requests.count)
            #expect(files(folder + "/tmp") == [])
        }
    }

    @Test("A reader who looks all the time never sees a part of a file")
    func atomic() async throws {
        try await withFolder { folder in
            let text = Text(String(repeating: "a long line of text\n", count: 20_000))
            let requests = try (0..<20).map {
                try request(try Example.message(text: text, seed: UInt8($0)), to: folder)
            }
            let isDone = Flag()
            MaildirTransport().submit(requests) { _ in isDone.value.store(true, ordering: .releasing) }
            let sizes = Set(requests.map(\.body.count))
            var looks = 0
            while !isDone.value.load(ordering: .acquiring) {
                for name in files(folder + "/new") {
                    let size = FileManager.default.contents(atPath: "\(folder)/new/\(name)")?.count
                    #expect(size.map { sizes.contains($0) } == true)
                }
                looks += 1
                await Task.yield()
            }
            #expect(looks > 0)
            #expect(files(folder + "/new").count == requests.count)
        }
    }

    @Test("A directory that cannot be written is a definite no for now, in words, and uses up no attempt")
    func unwritable() async throws {
        try await withFolder { folder in
            try Data().write(to: URL(filePath: folder + "/file"))
            for path in [folder + "/file", folder + "/nobody/out", folder + "/file/out"] {
                let request = try request(try Example.message(), to: path)
                let answer = await deliver([request], by: MaildirTransport()).first
                let verdict = try reading(answer, path)
                #expect(verdict.outcome == .rejectedForNow)
                #expect(!verdict.counts)
                #expect(verdict.trouble == .server)
                #expect(verdict.code.string.hasPrefix("errno_"))
                #expect(!verdict.words.isEmpty)
            }
        }
    }

    @Test("A failure before the file can be seen is a definite no for now; after that nobody knows")
    func failures() throws {
        for code in [ENOSPC, EDQUOT, EACCES, EROFS, EIO] {
            let early = TransportAnswer(
                number: 1, code: -code, message: "write: no", issues: 0, bodyBytesSent: 0)
            #expect(try reading(early, "/x").outcome == .rejectedForNow)
            #expect(try reading(early, "/x").code == Text("errno_\(code)"))
            #expect(try reading(early, "/x").words == "write: no")
            let late = TransportAnswer(
                number: 1, code: -code, message: "fsync: no", issues: 1, bodyBytesSent: 1)
            #expect(try reading(late, "/x").outcome == .unknown)
        }
    }

    @Test(
        "A file name other than a command's id is refused",
        arguments: ["", "../x", "a/b", ".", "x\0y", "ABC"])
    func names(name: String) async throws {
        try await withFolder { folder in
            var request = try request(try Example.message(), to: folder)
            request.headers = [Header(MaildirProvider.nameHeader, name)]
            let answer = await deliver([request], by: MaildirTransport()).first
            #expect(answer?.code == -EINVAL)
            #expect(files(folder + "/new") == [])
        }
    }

    @Test("After the deadline, and after close, nothing is written and nothing counts")
    func stopped() async throws {
        try await withFolder { folder in
            let transport = MaildirTransport()
            let late = try request(try Example.message(), to: folder, deadline: 1)
            #expect(try reading(await deliver([late], by: transport).first, folder) == .neverLeft)
            transport.close()
            transport.close()
            let closed = try request(try Example.message(), to: folder)
            #expect(try reading(await deliver([closed], by: transport).first, folder) == .neverLeft)
            #expect(files(folder + "/new") == [])
        }
    }

    @Test("Close waits for what was submitted, and may be called while an answer is given")
    func closing() async throws {
        try await withFolder { folder in
            let transport = MaildirTransport()
            let request = try request(try Example.message(), to: folder)
            let count = Counter()
            for _ in 0..<20 {
                transport.submit([request]) { answers in
                    count.value.add(answers.count, ordering: .relaxed)
                    transport.close()
                }
            }
            transport.close()
            #expect(count.value.load(ordering: .relaxed) == 20)
        }
    }
}
