// What a piece of work took. Processor time hardly changes with what else runs on the machine, so its ratio
// is the steadier one; the clock says what a user gets.
import CBare

struct Cost {
    var seconds: Double
    /// In the thread that did the work; the kernel's share included.
    var processor: Double

    init(seconds: Double, processor: Double) {
        self.seconds = seconds
        self.processor = processor
    }

    /// nil where the C program failed; its words are on stderr.
    init?(_ cost: cbare_cost) {
        guard cost.seconds >= 0 else { return nil }
        self.init(seconds: cost.seconds, processor: cost.processor)
    }
}

/// Rounds of the same work, ours and the limit's, one after the other.
struct Rounds {
    /// Pieces of work in a round.
    let count: Int
    private var ours: [Cost] = []
    private var limits: [Cost] = []

    init(of count: Int) {
        self.count = count
    }

    mutating func add(_ cost: Cost, limit: Cost) {
        ours.append(cost)
        limits.append(limit)
    }

    /// Medians by the clock; the ratio is that of each round.
    func rate(_ name: String, _ unit: String, floor: Figure.Floor? = nil) -> Figure {
        Figure(
            name, ours.map { Double(count) / $0.seconds }.median, unit,
            reference: limits.map { Double(count) / $0.seconds }.median,
            ratio: zip(ours, limits).map { $1.seconds / $0.seconds }.median, floor: floor)
    }

    /// Medians of processor time for one piece of work. A ratio above 1 is dearer than the limit.
    func processorTime(_ name: String) -> Figure {
        Figure(
            name, ours.map { $0.processor / Double(count) * 1e6 }.median, "us",
            reference: limits.map { $0.processor / Double(count) * 1e6 }.median,
            ratio: zip(ours, limits).map { $0.processor / $1.processor }.median)
    }
}
