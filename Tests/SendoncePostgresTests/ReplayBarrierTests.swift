// The database's own barrier around replay: the transactions are READ ONLY, whoever asks, and the reader's
// role is enough.
import PostgresSupport
import SendonceCore
import SendonceStore
import Testing

@testable import SendoncePostgres

@Suite("PostgreSQL: replay's connection")
struct ReplayBarrierTests {
    @Test(
        "Nothing can be written, not even by a role that may do everything",
        arguments: [
            "INSERT INTO outbox (event_type, payload) VALUES ('a', '{}')", "CREATE TABLE beside (a INT)",
            "DELETE FROM outbox_queue", "SELECT nextval('outbox_seq_seq')",
            "SELECT 1 FROM outbox_projector FOR UPDATE",
        ])
    func readOnly(_ statement: String) throws {
        let database = try PostgresCluster.shared().database()
        let log = try PostgresReplayLog(database.settings())
        let error = #expect(throws: StoreError.self) {
            try log.snapshot { (session: Session) throws(StoreError) in try session.run(statement) }
        }
        // read_only_sql_transaction (https://www.postgresql.org/docs/15/errcodes-appendix.html)
        #expect(error?.description.contains("25006") == true, "\(String(describing: error))")
        #expect(try log.head() == .empty)
    }
}
