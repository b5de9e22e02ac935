// Paths in the C form that the walk compares member names against: made once for a rule set.

internal import CSimdJSON
internal import SendonceCore

/// The compiled paths of a rule set, one to a slot.
struct CompiledPaths: ~Copyable {
    let handle: OpaquePointer
    let count: Int

    init(_ paths: [Path]) {
        // Swift's own allocations end the process when memory runs out; so do these.
        guard let handle = sendonce_json_paths_new() else { fatalError("out of memory") }
        var isComplete = true
        for path in paths {
            isComplete = isComplete && sendonce_json_paths_add(handle) != 0
            for step in path.steps where isComplete {
                isComplete = CompiledPaths.add(step, to: handle)
            }
        }
        guard isComplete else { fatalError("out of memory") }
        self.handle = handle
        self.count = paths.count
    }

    deinit {
        sendonce_json_paths_free(handle)
    }

    private static func add(_ step: Path.Step, to handle: OpaquePointer) -> Bool {
        switch step {
        case .index(let index):
            return sendonce_json_paths_index(handle, Int64(index)) != 0
        case .member(let name):
            let bytes = Array(name.utf8)
            return bytes.withUnsafeBufferPointer { bytes in
                sendonce_json_paths_member(handle, bytes.baseAddress, bytes.count) != 0
            }
        }
    }
}
