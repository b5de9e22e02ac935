// Reads the fields that rules need out of payloads. JSON is read here and nowhere else: databases and
// Foundation disagree about repeated members, NUL, big numbers and surrogates.

internal import CSimdJSON
package import SendonceCore

/// Reads payloads one after the other into the slots of one rule set, reusing one parser's memory.
///
/// Every read validates the whole payload, whatever is selected. One owner at a time; not for use from two
/// threads.
///
/// A payload that has several defects is refused for the first of these: too long; a raw NUL; what simdjson's
/// indexing finds (empty, not UTF-8, a raw control character in a string, an unclosed string); whichever of
/// syntax, depth, escaped NUL and lone surrogate comes first in the document; not an object; a repeated
/// member, that of the object which closes first.
package struct PayloadReader: ~Copyable {
    private let parser: JSONParser
    private let paths: CompiledPaths

    /// - Parameter paths: the rule set's `payloadPaths`, in the order of their slots. All start at `data`.
    package init(paths: [Path]) {
        precondition(paths.allSatisfy { $0.root == .data }, "only paths into the payload have slots")
        self.paths = CompiledPaths(paths)
        self.parser = JSONParser()
    }

    /// Fills `fields.values` for the given slots: with nil where the payload has no such member or element.
    /// Other slots are left as they are, and so are all of them when the payload is refused.
    ///
    /// A member name that stands twice, compared without escapes and by bytes, is refused in every object
    /// that one of the slots' paths passes through and anywhere inside a value that one selects; elsewhere it
    /// is tolerated.
    package func read(
        _ payload: UnsafeRawBufferPointer, slots: [Int], into fields: inout Fields
    ) throws(PayloadDefect) {
        precondition(slots.allSatisfy { (0..<paths.count).contains($0) }, "a slot is one of this reader's")
        let result = parser.read(payload, paths: paths, slots: slots, rootIsObject: true)
        try JSONParser.check(result, root: "data")
        for place in slots.indices {
            let node = result.found[place]
            if node < 0 {
                fields.values[slots[place]] = nil
            } else {
                var nodes = NodeCursor(result.nodes + Int(node))
                fields.values[slots[place]] = nodes.takeValue()
            }
        }
    }

    package func read(_ payload: [UInt8], slots: [Int], into fields: inout Fields) throws(PayloadDefect) {
        try payload.withUnsafeBufferPointer { (bytes) throws(PayloadDefect) in
            try read(UnsafeRawBufferPointer(bytes), slots: slots, into: &fields)
        }
    }

    /// Reads a whole document of any kind: small JSON such as activations and providers' answers.
    ///
    /// The limits and defects are those of a payload, except that the document need not be an object. A
    /// repeated member is refused anywhere, and its path starts with `$`.
    package static func document(_ bytes: [UInt8]) throws(PayloadDefect) -> JSONValue {
        try document(bytes, toleratingRepeats: false)
    }

    /// Reads the payload of an event whose decision was made: whatever a rule reads was found free of
    /// repeated members then, and a member that is repeated elsewhere is nobody's business (all of them are
    /// kept, in order).
    package static func decidedPayload(_ bytes: [UInt8]) throws(PayloadDefect) -> JSONValue {
        try document(bytes, toleratingRepeats: true)
    }

    private static func document(
        _ bytes: [UInt8], toleratingRepeats: Bool
    ) throws(PayloadDefect) -> JSONValue {
        let parser = JSONParser()
        let paths = CompiledPaths([Path(.data)])
        return try bytes.withUnsafeBufferPointer { (bytes) throws(PayloadDefect) in
            let result = parser.read(
                UnsafeRawBufferPointer(bytes), paths: paths, slots: [0], rootIsObject: false)
            if !(toleratingRepeats && result.status == sendonce_json_repeated_member) {
                try JSONParser.check(result, root: "$")
            }
            var nodes = NodeCursor(result.nodes)
            return nodes.takeValue()
        }
    }
}
