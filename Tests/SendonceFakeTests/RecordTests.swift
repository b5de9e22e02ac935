// The record file: what was accepted before a restart is known after it, and nothing is dropped in silence.

import Foundation
import Testing

@testable import SendonceFake

@Suite("The record file")
struct RecordTests {
    private func configuration(_ path: String, _ clock: HandClock) -> FakeBrevo.Configuration {
        var configuration = FakeBrevo.Configuration()
        configuration.recordPath = path
        configuration.clock = { clock.now }
        configuration.dailyCredits = 3
        return configuration
    }

    @Test("After a restart the fake lists what it accepted, refuses repeats, and remembers credits")
    func restart() async throws {
        try await Scene.withFile { path in
            let clock = HandClock()
            var before: [FakeBrevo.Acceptance] = []
            try await Scene.run(configuration(path, clock)) { fake, port in
                try fake.inject(.acceptThenDrop)
                _ = try Scene.send(Scene.message(key: "a", ["tags": ["t"], "params": ["n": 1.5]]), to: port)
                _ = try Scene.send(Scene.message(key: "b\n\u{2028}\"", ["textContent": "x\ny"]), to: port)
                before = fake.accepted()
                #expect(before.count == 2)
            }
            try await Scene.run(configuration(path, clock)) { fake, port in
                #expect(fake.accepted() == before)
                #expect(fake.tally().accepted == 2)
                #expect(
                    try Scene.send(Scene.message(key: "a"), to: port).reply?.code == "duplicate_parameter")
                try #expect(Scene.send(Scene.message(key: "c"), to: port).reply?.status == 201)
                try #expect(Scene.send(Scene.message(key: "d"), to: port).reply?.status == 402)
                #expect(Set(fake.accepted().map(\.messageId)).count == 3)
                clock.advance(milliseconds: 900_000)
                try #expect(Scene.send(Scene.message(key: "a"), to: port).reply?.status == 402)
            }
        }
    }

    @Test("A last line without its end is cut off, so that the next acceptance is readable")
    func tornLine() async throws {
        try await Scene.withFile { path in
            let clock = HandClock()
            try await Scene.run(configuration(path, clock)) { _, port in
                try #expect(Scene.send(Scene.message(key: "a"), to: port).reply?.status == 201)
            }
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data(#"{"key":"b","messa"#.utf8))
            try file.close()
            try await Scene.run(configuration(path, clock)) { fake, port in
                #expect(fake.accepted().map(\.key) == ["a"])
                try #expect(Scene.send(Scene.message(key: "b"), to: port).reply?.status == 201)
            }
            try await Scene.run(configuration(path, clock)) { fake, _ in
                #expect(fake.accepted().map(\.key) == ["a", "b"])
            }
        }
    }

    @Test("A whole line that is not an acceptance stops the start and names its number")
    func brokenLine() async throws {
        try await Scene.withFile { path in
            try Data("{}\n".utf8).write(to: URL(filePath: path))
            let fake = FakeBrevo(configuration(path, HandClock()))
            await #expect(throws: FakeBrevo.FakeError.recordInvalid(path: path, line: 1)) {
                try await fake.start()
            }
        }
    }

    @Test("Two fakes cannot share a record file, and a stopped one gives it back")
    func oneOwner() async throws {
        try await Scene.withFile { path in
            let second = FakeBrevo(configuration(path, HandClock()))
            try await Scene.run(configuration(path, HandClock())) { _, _ in
                await #expect(throws: FakeBrevo.FakeError.recordInUse(path: path)) {
                    try await second.start()
                }
            }
            try await Scene.run(configuration(path, HandClock())) { fake, _ in
                #expect(fake.accepted().isEmpty)
            }
        }
    }

    @Test("A message that cannot be recorded is answered 500, not accepted, and leaves no part of its line")
    func unwritable() async throws {
        // A file in memory that is sealed against growth refuses writes as a full disk does (memfd_create(2),
        // fcntl(2)). The function and its numbers are not in Swift's module of the C library.
        typealias Create = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
        let allowSealing: UInt32 = 2
        let (addSeals, sealGrow): (Int32, Int32) = (1033, 4)
        let symbol = try #require(dlsym(nil, "memfd_create"))
        let sealed = unsafeBitCast(symbol, to: Create.self)("record", allowSealing)
        try #require(sealed >= 0)
        defer { close(sealed) }
        try #require(fcntl(sealed, addSeals, sealGrow) == 0)
        try await Scene.run(configuration("/proc/self/fd/\(sealed)", HandClock())) { fake, port in
            let reply = try Scene.send(Scene.message(key: "k"), to: port).reply
            #expect(reply?.status == 500)
            #expect(reply?.code == "fake_record")
            #expect(fake.accepted().isEmpty)
            #expect(fake.log().map(\.accepted) == [false])
        }
        #expect(lseek(sealed, 0, SEEK_END) == 0)
    }

    @Test("A record file that is no regular file is refused")
    func device() async throws {
        let fake = FakeBrevo(configuration("/dev/zero", HandClock()))
        await #expect(throws: FakeBrevo.FakeError.recordUnavailable(path: "/dev/zero", code: EINVAL)) {
            try await fake.start()
        }
    }

    @Test("A reset empties the file too")
    func reset() async throws {
        try await Scene.withFile { path in
            try await Scene.run(configuration(path, HandClock())) { fake, port in
                try #expect(Scene.send(Scene.message(key: "a"), to: port).reply?.status == 201)
                #expect(fake.reset())
                #expect(fake.accepted().isEmpty)
                try #expect(Scene.send(Scene.message(key: "a"), to: port).reply?.status == 201)
            }
            try await Scene.run(configuration(path, HandClock())) { fake, _ in
                #expect(fake.accepted().map(\.key) == ["a"])
            }
        }
    }
}
