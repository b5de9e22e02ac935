// One row as a database gave it. What its columns mean is said once for all stores, beside the list of the
// columns (`RecordedRow+Audit.swift`, `RecordedRow+Queue.swift`): a store says only how it reads a value.
package import SendonceCore

/// Columns are counted from 0. A value that is read as what it is not comes out empty or 0, but for digests,
/// ids and words, which throw `.damaged`.
package protocol RecordedRow {
    func isNull(_ column: Int32) -> Bool
    func integer(_ column: Int32) -> Int64
    func text(_ column: Int32) -> Text
    /// The bytes of a text or of bytes, as stored.
    func bytes(_ column: Int32) -> [UInt8]
    /// The same in place: until the next row is read, or the answer is given up.
    func span(_ column: Int32) -> UnsafeRawBufferPointer
    func digest(_ column: Int32) throws(StoreError) -> Digest
    func commandID(_ column: Int32) throws(StoreError) -> CommandID
    /// Adds a command's id, or NULL, as its 36 characters.
    func add(commandID column: Int32, to rows: RowBuffer)
    func name(of column: Int32) -> String
}

extension RecordedRow {
    package func time(_ column: Int32) -> Timestamp { Timestamp(microseconds: integer(column)) }
    package func integerIfAny(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    package func timeIfAny(_ column: Int32) -> Timestamp? { isNull(column) ? nil : time(column) }
    package func textIfAny(_ column: Int32) -> Text? { isNull(column) ? nil : text(column) }

    package func digestIfAny(_ column: Int32) throws(StoreError) -> Digest? {
        isNull(column) ? nil : try digest(column)
    }

    /// A word of a closed list; the schema's CHECK lets no other in.
    package func word<Word: RawRepresentable<String>>(_ column: Int32, _ type: Word.Type = Word.self)
        throws(StoreError) -> Word
    {
        guard let word = Word(rawValue: text(column).string) else {
            throw .damaged("column \(name(of: column)) holds an unknown word")
        }
        return word
    }

    package func wordIfAny<Word: RawRepresentable<String>>(
        _ column: Int32, _ type: Word.Type = Word.self
    ) throws(StoreError) -> Word? {
        isNull(column) ? nil : try word(column, type)
    }
}
