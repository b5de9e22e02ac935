// A file that is read line by line, wherever in it: the one owner of its descriptor.
import Glibc

final class ByteFile: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws(BundleError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("cannot be opened", path) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .file(
                path: path, words: "not a file of its own (pipes and folders cannot be read again): save it")
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Bytes from an offset, as many as are there.
    fileprivate func read(
        _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(BundleError) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("cannot be read", path) }
            return count
        }
    }
}

extension BundleError {
    /// From the calling thread's `errno`, to be read before anything else is called.
    fileprivate static func last(_ words: String, _ path: String) -> BundleError {
        .file(path: path, words: "\(words): \(String(cString: strerror(errno)))")
    }
}

/// A place in a file from which lines are read. Holds at most one line and one piece that was read ahead.
struct LineCursor {
    let file: ByteFile
    /// Of the next line.
    private(set) var offset: Int64
    /// The number of the line that was read last, from 1.
    private(set) var line: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var end = 0

    /// - Parameter line: how many lines stand before the offset.
    init(_ file: ByteFile, at offset: Int64 = 0, after line: Int = 0) {
        self.file = file
        self.offset = offset
        self.line = line
    }

    func mistake(_ words: String) -> BundleError { .line(path: file.path, line: line, words: words) }

    /// Hands over the next line without its line end; nil at the end of the file.
    mutating func next<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(LineMistake) -> Result
    ) throws(BundleError) -> Result? {
        var searched = 0
        while true {
            if let length = lengthOfLine(from: searched) {
                if length > BundleLimits.lineBytes { break }
                line += 1
                let range = start..<start + length
                start += length + 1
                offset += Int64(length + 1)
                return try hand(range, to: body)
            }
            searched = end - start
            if searched > BundleLimits.lineBytes { break }
            guard try readAhead() else {
                guard searched > 0 else { return nil }
                line += 1
                throw mistake("the file ends in the middle of this line: it was cut off; export it again")
            }
        }
        line += 1
        throw mistake("longer than \(BundleLimits.lineBytes) bytes: no line of an export is")
    }

    private func lengthOfLine(from searched: Int) -> Int? {
        buffer.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress, start + searched < end,
                let found = memchr(base + start + searched, 0x0A, end - start - searched)
            else { return nil }
            return UnsafeRawPointer(found) - UnsafeRawPointer(base + start)
        }
    }

    private func hand<Result>(
        _ range: Range<Int>, to body: (UnsafeBufferPointer<UInt8>) throws(LineMistake) -> Result
    ) throws(BundleError) -> Result {
        do throws(LineMistake) {
            return try buffer.withUnsafeBufferPointer { (bytes) throws(LineMistake) in
                try body(UnsafeBufferPointer(rebasing: bytes[range]))
            }
        } catch {
            throw mistake(error.words)
        }
    }

    private mutating func readAhead() throws(BundleError) -> Bool {
        if start > 0 {
            buffer.removeSubrange(..<start)
            (start, end) = (0, end - start)
        }
        let wanted = end + BundleLimits.readBytes
        if buffer.count < wanted { buffer += [UInt8](repeating: 0, count: wanted - buffer.count) }
        let place = offset + Int64(end)
        let count = try buffer.withUnsafeMutableBufferPointer { (bytes) throws(BundleError) in
            try file.read(
                UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[end...])), at: place)
        }
        end += count
        return count > 0
    }
}
