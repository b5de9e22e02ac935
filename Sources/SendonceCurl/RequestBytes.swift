// The memory that libcurl reads a request from while it is under way: header lines as a list, and the body.
// It belongs to one handle and is used again, so that a request costs no allocation once the handle is warm.

import CCurl
import SendonceDelivery

/// Header lines and body of one request, at addresses that stay.
struct RequestBytes: ~Copyable {
    private var lines = ByteRun()
    private var starts: [Int] = []
    private var nodes: UnsafeMutableBufferPointer<curl_slist> = .allocate(capacity: 16)
    private var bodyRun = ByteRun()

    deinit {
        nodes.deallocate()
    }

    /// Never nil: libcurl would read an absent body from standard input.
    var body: UnsafeRawPointer { UnsafeRawPointer(bodyRun.base) }

    mutating func setBody(_ bytes: [UInt8]) {
        bodyRun.clear(keeping: CurlLimits.keptBodyBytes)
        bytes.withUnsafeBytes { bodyRun.append($0) }
    }

    /// Writes the header lines; returns false, and the request must not be sent, if one of them is not
    /// allowed.
    mutating func setHeaders(_ headers: [Header]) -> Bool {
        lines.clear(keeping: CurlLimits.keptBodyBytes)
        starts.removeAll(keepingCapacity: true)
        var hasContentType = false
        for header in headers {
            guard let name = HeaderName(header.name), !name.belongsToTransport else { return false }
            if name.isContentType { hasContentType = true }
            guard appendLine(header) else { return false }
        }
        // A name with a colon and nothing behind takes away what libcurl would add: a wait for 100-continue,
        // and the content type of a form.
        appendLine("Expect:")
        if !hasContentType { appendLine("Content-Type:") }
        return true
    }

    /// The lines as libcurl wants them. Valid until the next change.
    mutating func headerList() -> UnsafeMutablePointer<curl_slist>? {
        if nodes.count < starts.count {
            nodes.deallocate()
            nodes = .allocate(capacity: starts.count * 2)
        }
        guard let first = nodes.baseAddress else { return nil }
        for (index, start) in starts.enumerated() {
            let text = UnsafeMutableRawPointer(lines.base + start).assumingMemoryBound(to: CChar.self)
            let next = index + 1 < starts.count ? first + index + 1 : nil
            (first + index).initialize(to: curl_slist(data: text, next: next))
        }
        return starts.isEmpty ? nil : first
    }

    private mutating func appendLine(_ header: Header) -> Bool {
        starts.append(lines.count)
        append(header.name)
        let separator = lines.count
        lines.append(UInt8(ascii: ":"))
        lines.append(UInt8(ascii: " "))
        let valueStart = lines.count
        append(header.value)
        var isBlank = true
        for position in valueStart..<lines.count {
            let byte = lines.base[position]
            if byte == 0 || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") { return false }
            if byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") { isBlank = false }
        }
        if isBlank {
            // "Name:" would remove the header; libcurl sends an empty one for "Name;".
            lines.cut(to: separator)
            lines.append(UInt8(ascii: ";"))
        }
        lines.append(0)
        return true
    }

    private mutating func appendLine(_ text: String) {
        starts.append(lines.count)
        append(text)
        lines.append(0)
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { lines.append(UnsafeRawBufferPointer($0)) }
    }
}
