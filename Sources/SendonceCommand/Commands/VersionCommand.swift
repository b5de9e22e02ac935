// `sendonce version`: what runs here, for bug reports.
import ArgumentParser
import SendonceCore
import SendonceCurl
import SendoncePostgres
import SendonceSQLite

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the versions of sendonce and of the libraries it runs on.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let versions: [(Text, String)] = [
            ("sendonce", SendonceVersion.text), ("schema", "\(SQLiteMigration.newest)"),
            ("sqlite", SQLiteEngine.libraryVersionText),
            ("libpq", PostgresSettings.libraryVersionText), ("libcurl", CurlTransport.libraryVersion),
        ]
        switch output.format {
        case .table: versions.forEach { Printer.line("\($0.0.string.padding(to: 10)) \($0.1)") }
        case .json, .jsonl:
            // `schema` names the form of the document, as in every other one.
            let members = versions.map { JSONMember($0.0 == "schema" ? "database_schema" : $0.0, $0.1.json) }
            Printer.json(.object([JSONMember("schema", "sendonce.version.v1".json)] + members))
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - unicodeScalars.count))
    }
}
