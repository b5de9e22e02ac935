// How exporting, reading an exported file, and importing end without their end.
package import SendonceStore

package enum BundleError: Error, Hashable, Sendable {
    case store(StoreError)
    /// The file cannot be opened, read or written.
    case file(path: String, words: String)
    /// A line is not what it has to be; the words say what, and the cure.
    case line(path: String, line: Int, words: String)
    /// The request cannot be met as things stand. Nothing was changed; the words say what can.
    case refused(String)

    package var description: String {
        switch self {
        case .store(let error): error.description
        case .file(let path, let words): "\(path): \(words)"
        case .line(let path, let line, let words): "\(path), line \(line): \(words)"
        case .refused(let words): words
        }
    }

    /// The same for whoever reads a file through the port of a store.
    var asStoreError: StoreError {
        if case .store(let error) = self { return error }
        return .conflict(description)
    }

    /// Runs what a store does.
    static func storing<Result>(_ body: () throws(StoreError) -> Result) throws(BundleError) -> Result {
        do throws(StoreError) { return try body() } catch { throw .store(error) }
    }
}

/// What is wrong with a line, before anybody knows which file and line it is.
struct LineMistake: Error, Hashable {
    var words: String

    init(_ words: String) {
        self.words = words
    }
}
