// The numbered SQL files of this folder, carried inside the program so that `migrate` needs no file beside
// it.

package enum Schema {
    /// In order. A file that was once released is never changed: its digest stands in every database.
    package static let migrations: [(number: Int, name: String, sql: String)] = [
        (1, "m0001_first", String(decoding: PackageResources.m0001_first_sql, as: UTF8.self))
    ]
}
