// The one owner of a C parser: its memory ends with it, and its results are turned into Swift's errors here.

internal import CSimdJSON
internal import SendonceCore

/// A parser's buffers. What a read returns points into them, until the next read.
struct JSONParser: ~Copyable {
    private let handle: OpaquePointer

    init() {
        // Swift's own allocations end the process when memory runs out; so does this one.
        guard let handle = sendonce_json_parser_new(Limits.payloadBytes, Limits.payloadDepth) else {
            fatalError("out of memory")
        }
        self.handle = handle
    }

    deinit {
        sendonce_json_parser_free(handle)
    }

    func read(
        _ bytes: UnsafeRawBufferPointer, paths: borrowing CompiledPaths, slots: [Int], rootIsObject: Bool
    ) -> sendonce_json_result {
        slots.withUnsafeBufferPointer { slots in
            sendonce_json_read(
                handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, paths.handle,
                slots.baseAddress, slots.count, rootIsObject ? 1 : 0)
        }
    }

    /// Throws the defect that the result states.
    static func check(_ result: sendonce_json_result, root: String) throws(PayloadDefect) {
        switch result.status {
        case sendonce_json_ok: return
        case sendonce_json_not_an_object: throw .notAnObject
        case sendonce_json_too_deep: throw .tooDeep
        case sendonce_json_nul: throw .nul
        case sendonce_json_lone_surrogate: throw .loneSurrogate
        case sendonce_json_too_long: throw .tooLong
        case sendonce_json_repeated_member: throw .repeatedMember(root + memberPath(result))
        case sendonce_json_out_of_memory:
            // Says nothing about the payload, so it must not become a decision about it.
            fatalError("out of memory")
        default: throw .syntax(words(result))
        }
    }

    /// simdjson's words, and the byte where it says one.
    private static func words(_ result: sendonce_json_result) -> String {
        let words = result.words.map { String(cString: $0) } ?? "unknown"
        return result.position < 0 ? words : "\(words) (at byte \(result.position))"
    }

    /// The repeated member's path after the root.
    private static func memberPath(_ result: sendonce_json_result) -> String {
        let steps = UnsafeBufferPointer(start: result.repeated, count: result.repeated_count)
        let path = Path(
            .data,
            steps.map { step in
                guard let name = step.name else { return .index(Int(step.index)) }
                let bytes = UnsafeBufferPointer(start: name, count: step.length)
                return .member(Text(String(decoding: bytes, as: UTF8.self)))
            })
        return String(path.description.dropFirst(path.root.rawValue.count))
    }
}
