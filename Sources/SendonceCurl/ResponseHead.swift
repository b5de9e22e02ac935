// Collects the head of an answer line by line. Only a complete final head counts: a status line alone proves
// nothing about what follows, and an interim (1xx) head is not an answer.

import SendonceDelivery

/// The last response head, and whether it is complete.
struct ResponseHead {
    /// Status of the complete final head, if one came.
    private(set) var status: Int?
    private var incomingStatus = 0
    private var lines: [UInt8] = []
    private var received = 0
    // A provider's heads are mostly alike: the one parsed last is kept, and equal bytes are not parsed again.
    private var parsedLines: [UInt8] = []
    private var parsedHeaders: [Header] = []

    mutating func clear() {
        status = nil
        incomingStatus = 0
        received = 0
        lines.removeAll(keepingCapacity: true)
    }

    /// Takes one line with its end. Returns false when heads grow over `CurlLimits.answerHeadBytes`.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
        received += line.count
        guard received <= CurlLimits.answerHeadBytes else { return false }
        // What comes behind a complete final head are trailers; nobody needs them.
        guard status == nil else { return true }
        if let code = Self.statusCode(of: line) {
            incomingStatus = code
            lines.removeAll(keepingCapacity: true)
        } else if Self.isEnd(line) {
            if incomingStatus >= 200 { status = incomingStatus }
        } else {
            lines.append(contentsOf: line)
        }
        return true
    }

    /// Headers of the complete final head, none without one.
    mutating func headers() -> [Header] {
        guard status != nil else { return [] }
        if lines != parsedLines {
            parsedHeaders = Self.parse(lines)
            parsedLines = lines
        }
        return parsedHeaders
    }

    /// The code of a status line, "HTTP/1.1 201 Created"; nil for any other line.
    private static func statusCode(of line: UnsafeRawBufferPointer) -> Int? {
        let prefix: StaticString = "HTTP/"
        guard line.count > prefix.utf8CodeUnitCount else { return nil }
        for index in 0..<prefix.utf8CodeUnitCount where line[index] != prefix.utf8Start[index] { return nil }
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return 0 }
        var code = 0
        for byte in line[(space + 1)...].prefix(3) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return 0 }
            code = code * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return code
    }

    private static func isEnd(_ line: UnsafeRawBufferPointer) -> Bool {
        line.allSatisfy { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    }

    /// Names and values without the white space around them. Lines without a colon and folded lines are left
    /// out.
    private static func parse(_ lines: [UInt8]) -> [Header] {
        var headers: [Header] = []
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), let first = line.first, !isBlank(first)
            else {
                continue
            }
            var value = line[(colon + 1)...]
            while let byte = value.first, isBlank(byte) { value.removeFirst() }
            while let byte = value.last, isBlank(byte) { value.removeLast() }
            headers.append(
                Header(
                    String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return headers
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
