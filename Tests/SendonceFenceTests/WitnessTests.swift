// The file beside the database: what is written comes back, and what is torn is never taken for a witness.
import Foundation
import SendonceCore
import SendonceFence
import SendonceStore
import Testing

@Suite struct WitnessTests {
    private static let log = DigestBuilder.digest(of: [1])
    private static let home = DigestBuilder.digest(of: [2])

    private func witness(_ claims: Range<Int64>) -> Witness {
        var seen = Sighting(
            head: LogHead(position: claims.upperBound, link: DigestBuilder.digest(of: [3])))
        for number in claims {
            seen.add(ClaimMark(command: number, attempt: 1, token: 2, startedAt: .start + .seconds(number)))
        }
        return Witness(log: Self.log, home: Self.home, boundAt: .start, seen: seen)
    }

    private func file(_ folder: TestFolder) throws -> WitnessFile {
        try WitnessFile(in: "\(folder.path)/a/b", log: Self.log, home: Self.home)
    }

    @Test("What was written last is read, by this process and by another; only the newest claims are kept")
    func roundTrip() throws {
        let folder = try TestFolder()
        let file = try file(folder)
        #expect(try file.read() == nil)
        for count in [1, 2, 40] as [Int64] {
            let written = witness(0..<count)
            try file.update { _ in written }
            #expect(try file.read() == written)
            #expect(try self.file(folder).read() == written)
        }
        #expect(try file.read()?.seen.claims.count == FenceLimits.claims)
        #expect(try file.read()?.seen.claims.last?.command == 39)
    }

    @Test("A writing that was cut off, wherever, leaves the one before it; two damaged ones are none")
    func torn() throws {
        let folder = try TestFolder()
        let file = try file(folder)
        let (old, new) = (witness(0..<3), witness(0..<4))
        try file.update { _ in old }
        let before = try Data(contentsOf: URL(filePath: file.path))
        try file.update { _ in new }
        let after = try Data(contentsOf: URL(filePath: file.path))
        #expect(after.count == 2_048 && after.prefix(1_024) != after.suffix(1_024))
        for length in stride(from: 0, to: 760, by: 1) {
            // The new slot holds as many bytes of the new writing; behind them stands what was there before.
            var torn = before + Data(count: after.count - before.count)
            let slot = before.count == 1_024 ? 1_024 : 0
            torn.replaceSubrange(slot..<slot + length, with: after[slot..<slot + length])
            try torn.write(to: URL(filePath: file.path))
            let read = try self.file(folder).read()
            #expect(read == old || (read == new && torn == after), "\(length) bytes")
        }
        for place in [100, 1_024 + 100] {
            var damaged = after
            damaged[place] ^= 1
            try damaged.write(to: URL(filePath: file.path))
            #expect(try self.file(folder).read() == (place < 1_024 ? new : old))
            damaged[(place + 1_024) % 2_048] ^= 1
            try damaged.write(to: URL(filePath: file.path))
            #expect(try self.file(folder).read() == nil)
        }
    }

    @Test("Many writers lose none of each other's claims")
    func writers() async throws {
        let folder = try TestFolder()
        let directory = "\(folder.path)/a"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 as Range<Int64> {
                group.addTask {
                    let file = try WitnessFile(in: directory, log: Self.log, home: Self.home)
                    for number in [1, 2] as [Int64] {
                        try file.update { known in
                            var next =
                                known
                                ?? Witness(
                                    log: Self.log, home: Self.home, boundAt: .start,
                                    seen: Sighting(head: .empty))
                            next.seen.add(
                                ClaimMark(command: writer, attempt: number, token: 1, startedAt: .start))
                            return next
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let file = try WitnessFile(in: directory, log: Self.log, home: Self.home)
        let claims = try #require(try file.read()).seen.claims
        #expect(Set(claims).count == 16 && claims.count == 16)
    }

    @Test("A directory that cannot be made is said in words")
    func directory() throws {
        let folder = try TestFolder()
        try Data().write(to: URL(filePath: "\(folder.path)/file"))
        let error = #expect(throws: WitnessError.self) {
            try WitnessFile.checkDirectory("\(folder.path)/file/state")
        }
        #expect(error?.words.contains("/file/state") == true, "\(error?.words ?? "")")
    }
}
