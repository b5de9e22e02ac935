// Turns the flat nodes of a selected value into a tree. Each node is copied, because the parser's memory is
// reused.

internal import CSimdJSON
internal import SendonceCore

/// A place among a result's nodes, before the first node of a value.
struct NodeCursor {
    private var next: UnsafePointer<sendonce_json_node>

    /// - Parameter first: the first node of a complete value.
    init(_ first: UnsafePointer<sendonce_json_node>) {
        next = first
    }

    /// The value that starts here; the cursor moves behind it. Recursion is bounded by `Limits.payloadDepth`.
    mutating func takeValue() -> JSONValue {
        let node = take()
        switch node.kind {
        case sendonce_json_true: return .bool(true)
        case sendonce_json_false: return .bool(false)
        case sendonce_json_integer: return .integer(string(node))
        case sendonce_json_number: return .number(string(node))
        case sendonce_json_string: return .string(Text(string(node)))
        case sendonce_json_array:
            var values: [JSONValue] = []
            values.reserveCapacity(node.length)
            for _ in 0..<node.length { values.append(takeValue()) }
            return .array(values)
        case sendonce_json_object:
            var members: [JSONMember] = []
            members.reserveCapacity(node.length)
            for _ in 0..<node.length {
                let name = Text(string(take()))
                members.append(JSONMember(name, takeValue()))
            }
            return .object(members)
        default: return .null
        }
    }

    private mutating func take() -> sendonce_json_node {
        defer { next += 1 }
        return next.pointee
    }

    private func string(_ node: sendonce_json_node) -> String {
        String(decoding: UnsafeBufferPointer(start: node.bytes, count: node.length), as: UTF8.self)
    }
}
