// One line of the result, and the table of all of them.

struct Figure {
    /// What a figure has to reach.
    enum Floor {
        case atLeast(Double)
        case atMost(Double)
        case ratio(Double)
    }

    var name: String
    var value: Double
    var unit: String
    /// What the limit reached in the same run.
    var reference: Double?
    /// Against the reference; the median of the rounds where there are several.
    var ratio: Double?
    var floor: Floor?

    init(
        _ name: String, _ value: Double, _ unit: String, reference: Double? = nil, ratio: Double? = nil,
        floor: Floor? = nil
    ) {
        self.name = name
        self.value = value
        self.unit = unit
        self.reference = reference
        self.ratio = ratio
        self.floor = floor
    }

    var fails: Bool {
        switch floor {
        case nil: false
        case .atLeast(let floor): value < floor
        case .atMost(let floor): value > floor
        case .ratio(let floor): (ratio ?? 0) < floor
        }
    }
}

enum FigureTable {
    /// Columns side by side; numbers to the right.
    static func text(_ figures: [Figure]) -> String {
        let head = ["", "figure", "unit", "reference", "ratio", "floor", ""]
        let rows = [head] + figures.map(cells)
        let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                let isNumber = (1...5).contains(column) && column != 2
                return isNumber ? padding + row[column] : row[column] + padding
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func cells(_ figure: Figure) -> [String] {
        let floor: String
        switch figure.floor {
        case nil: floor = ""
        case .atLeast(let value): floor = ">= " + number(value)
        case .atMost(let value): floor = "<= " + number(value)
        case .ratio(let value): floor = "x " + number(value)
        }
        return [
            figure.name, number(figure.value), figure.unit, figure.reference.map(number) ?? "",
            figure.ratio.map(number) ?? "", floor, figure.floor == nil ? "" : figure.fails ? "FAIL" : "pass",
        ]
    }

    /// Thousands set apart; two places below 100.
    private static func number(_ value: Double) -> String {
        guard value >= 100 else {
            let hundredths = Int((value * 100).rounded())
            return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
        }
        var digits = String(Int(value.rounded()))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
            place -= 3
        }
        return digits
    }
}

extension [Double] {
    /// The middle one; of an even number the upper of the two. 0 where there is none.
    var median: Double { percentile(0.5) }

    func percentile(_ share: Double) -> Double {
        guard !isEmpty else { return 0 }
        return sorted()[Swift.min(Int(Double(count) * share), count - 1)]
    }
}
