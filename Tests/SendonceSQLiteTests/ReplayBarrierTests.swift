// The database's own barrier around replay: whatever is asked of the connection, only SELECT is prepared. A
// file that is open read only would let all of these through, but for the INSERT.
import Foundation
import SendonceCore
import SendonceStore
import Testing

@testable import SendonceSQLite

@Suite("SQLite: replay's connection")
struct ReplayBarrierTests {
    @Test(
        "Everything but a SELECT of what replay reads is refused before it runs",
        arguments: [
            "INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')",
            "CREATE TEMP TABLE beside (a)", "PRAGMA query_only = OFF", "PRAGMA user_version",
            "BEGIN IMMEDIATE", "SELECT load_extension('x')", "SELECT randomblob(8)", "SELECT time('now')",
            "ATTACH DATABASE 'FILE' AS beside", "VACUUM INTO 'FILE'",
        ])
    func refused(_ statement: String) throws {
        let file = try TestFile()
        let log = try SQLiteReplayLog(path: file.path)
        let other = file.path + "-beside"
        let error = #expect(throws: StoreError.self) {
            try log.each(statement.replacing("FILE", with: other)) { _ throws(StoreError) in true }
        }
        // "not authorized", or "authorization denied": the authorizer's no, not that of a file opened read
        // only.
        #expect(error?.description.contains("authoriz") == true, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: other))
        // And it goes on reading.
        #expect(try log.head() == .empty)
    }
}
