// Where the database is: a file, or a server.
import SendoncePostgres
import SendonceStore

/// `database` of the settings, `--database`, or SENDONCE_DATABASE.
enum DatabaseAddress: Hashable, Sendable {
    /// An SQLite file.
    case file(String)
    /// A PostgreSQL database, as libpq takes it; may hold a password.
    case server(String)

    init(_ text: String) {
        self = PostgresSettings.isAddress(text) ? .server(text) : .file(text)
    }

    /// For people; nothing that is secret. The same words where the text cannot be read.
    var words: String {
        switch self {
        case .file(let path): path
        case .server(let text): (try? PostgresSettings(connection: text).place()) ?? "PostgreSQL"
        }
    }

    /// What people repeat on the command line to mean this database; nil for what should not stand there.
    var path: String? {
        guard case .file(let path) = self else { return nil }
        return path
    }

    /// Refuses a password that every user of the machine could read in the process list.
    static func onCommandLine(_ text: String, option: String = "--database") throws -> DatabaseAddress {
        let address = DatabaseAddress(text)
        guard case .server(let text) = address else { return address }
        do throws(StoreError) {
            guard try PostgresSettings(connection: text).hasPassword() else { return address }
        } catch {
            throw CommandError("\(option): \(error.description)", status: .usage)
        }
        throw CommandError(
            "\(option): everybody on this machine can read a password on the command line: put the address "
                + "into SENDONCE_DATABASE or the settings, or the password into a password file "
                + "(PGPASSFILE, ~/.pgpass)", status: .usage)
    }
}
