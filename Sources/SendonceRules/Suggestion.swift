// Which known word was probably meant.

<<<<<<< HEAD
package enum Suggestion {
    /// The known word nearest to what was written, or nil if none is near: at most a third of the longer word may
    /// differ, and at least one letter may. Of equally near words the first one is taken.
    package static func nearest(to written: String, among known: [String]) -> String? {
=======
enum Suggestion {
    /// The known word nearest to what was written, or nil if none is near: at most a third of the longer word
    /// may differ, and at least one letter may. Of equally near words the first one is taken.
    static func nearest(to written: String, among known: [String]) -> String? {
>>>>>>> rules
        let bytes = Array(written.utf8.prefix(80))
        var best: (word: String, distance: Int)?
        for word in known {
            let candidate = Array(word.utf8)
            let distance = self.distance(bytes, candidate)
            let allowed = max(1, max(bytes.count, candidate.count) / 3)
            guard distance <= allowed, distance < candidate.count, distance < best?.distance ?? .max else {
                continue
            }
            best = (word, distance)
        }
        return best?.word
    }

    /// What other tools call a key of ours.
    private static let synonyms = [
        ("window", "within"), ("period", "within"), ("on", "event"), ("type", "event"), ("if", "when"),
        ("condition", "when"), ("recipient", "to"), ("email", "to"), ("key", "once_per"),
        ("unique", "once_per"),
        ("expires", "expires_after"), ("ttl", "expires_after"), ("wait", "delay"), ("sender", "from"),
        ("replyto", "reply_to"), ("template_id", "provider_id"), ("renamed_from", "was"),
        ("provider", "route"),
    ]

    /// The key that was probably meant, also where it was written as other tools write it.
    static func key(for written: String, among known: [String]) -> String? {
        if let near = nearest(to: written, among: known) { return near }
        let others = synonyms.filter { known.contains($0.1) }
        let near = nearest(to: written, among: others.map(\.0))
        return others.first { $0.0 == near }?.1
    }

    /// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other,
    /// letters compared without regard to ASCII case.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let first = left.map(lowered)
        let second = right.map(lowered)
        guard !first.isEmpty, !second.isEmpty else { return max(first.count, second.count) }
        var beforeLast = [Int](repeating: 0, count: second.count + 1)
        var last = Array(0...second.count)
        for row in 1...first.count {
            var current = [row] + [Int](repeating: 0, count: second.count)
            for column in 1...second.count {
                let same = first[row - 1] == second[column - 1]
                current[column] = min(
                    last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, first[row - 1] == second[column - 2],
                    first[row - 2] == second[column - 1]
                {
                    current[column] = min(current[column], beforeLast[column - 2] + 1)
                }
            }
            beforeLast = last
            last = current
        }
        return last[second.count]
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
    }
}
