// Tables for people on a terminal: columns side by side, cut to its width, and no value that can leave its
// cell.

/// A table of texts.
package struct TextTable: Sendable {
    package struct Column: Sendable {
        package enum Side: Sendable {
            case left, right
        }

        package var title: String
        /// Numbers stand to the right, texts to the left.
        package var side: Side
        /// Whether the column may be cut where the table is too wide. Ids and states must stay whole.
        package var isFlexible: Bool

        package init(_ title: String, side: Side = .left, isFlexible: Bool = false) {
            self.title = title
            self.side = side
            self.isFlexible = isFlexible
        }
    }

    /// Cells of a flexible column are never cut below this: less says nothing.
    package static let narrowest = 8

    package var columns: [Column]
    /// A row with fewer cells than columns is filled with empty ones; further cells are left out.
    package var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    package mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    /// Title and rows, each ended by a line feed, columns two blanks apart, without blanks at the ends of
    /// lines.
    ///
    /// With a width, flexible columns are cut, the widest first, until a line fits or each is at `narrowest`.
    /// A cell's width is its number of Unicode scalars after escaping, so wide and combining characters can
    /// shift a line. Not guaranteed: that a line fits where the columns that may not be cut are too wide.
    package func rendered(width: Int? = nil) -> String {
        let cells = rows.map { row in
            columns.indices.map { row.indices.contains($0) ? VisibleText.escaped(row[$0]) : "" }
        }
        let lines = [columns.map(\.title)] + cells
        let widths = widths(of: lines, fitting: width)
        return lines.map { line(of: $0, widths) + "\n" }.joined()
    }

    private func widths(of lines: [[String]], fitting width: Int?) -> [Int] {
        var widths = columns.indices.map { column in
            lines.map { $0[column].unicodeScalars.count }.max() ?? 0
        }
        guard let width else { return widths }
        var excess = widths.reduce(0, +) + 2 * max(0, columns.count - 1) - width
        while excess > 0 {
            let flexible = columns.indices.filter {
                columns[$0].isFlexible && widths[$0] > TextTable.narrowest
            }
            guard let widest = flexible.max(by: { widths[$0] < widths[$1] }) else { break }
            // Down to the next widest at once, at least by one.
            let next = flexible.filter { $0 != widest }.map { widths[$0] }.max() ?? TextTable.narrowest
            let step = min(excess, max(1, widths[widest] - max(next, TextTable.narrowest)))
            widths[widest] -= step
            excess -= step
        }
        return widths
    }

    private func line(of cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in cells.enumerated() {
            if column > 0 { line += "  " }
            let shown = TextTable.cut(cell, to: widths[column])
            let blanks = String(repeating: " ", count: max(0, widths[column] - shown.unicodeScalars.count))
            line += columns[column].side == .left ? shown + blanks : blanks + shown
        }
        while line.utf8.last == 0x20 { line.removeLast() }
        return line
    }

    private static func cut(_ cell: String, to width: Int) -> String {
        guard cell.unicodeScalars.count > width else { return cell }
        return String(String.UnicodeScalarView(cell.unicodeScalars.prefix(max(0, width - 1)))) + "…"
    }
}
