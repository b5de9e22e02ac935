// Numbers that a statement names. Those of one batch are mostly neighbours, and one search of their range
// costs the server much less than a search for each number.
import SendonceCore

/// Three parameters of a statement: the lowest number, the highest, and an array of all of them, which is
/// NULL where the range says enough.
struct Neighbours {
    let lowest: Int64
    let highest: Int64
    let numbers: Column?

    /// With gaps the range may hold up to twice as many numbers as are named, for statements that may meet
    /// those between. Without, a range stands alone only if it holds nothing but what is named.
    init(_ numbers: [Int64], allowGaps: Bool) {
        lowest = numbers.min() ?? 0
        highest = numbers.max() ?? 0
        let span = highest.subtractingReportingOverflow(lowest)
        let room = allowGaps ? 2 * numbers.count : Set(numbers).count
        if !span.overflow, span.partialValue < Int64(room) {
            self.numbers = nil
        } else {
            var column = Column(.integer)
            for number in numbers { column.add(number) }
            self.numbers = column
        }
    }
}

extension Statement {
    func add(_ neighbours: Neighbours) {
        add(neighbours.lowest)
        add(neighbours.highest)
        if let numbers = neighbours.numbers { add(numbers) } else { addNullColumn(.integer) }
    }
}
