// Tables for people, drawn and compared as a terminal shows them.
import SendonceAudit
import Testing

@Suite struct TextTableTests {
    private func table() -> TextTable {
        var table = TextTable([
            TextTable.Column("POSITION", side: .right), TextTable.Column("RECIPIENT", isFlexible: true),
            TextTable.Column("RULE", isFlexible: true), TextTable.Column("STATE"),
        ])
        table.add("7", "ann@shop.test", "order-confirmation", "accepted")
        table.add("1234", "someone.with.a.long.name@shop.test", "review", "held")
        return table
    }

    @Test("Columns are aligned, numbers to the right, without blanks at the ends")
    func aligned() {
        let expected = """
            POSITION  RECIPIENT                           RULE                STATE
                   7  ann@shop.test                       order-confirmation  accepted
                1234  someone.with.a.long.name@shop.test  review              held

            """
        #expect(table().rendered() == expected)
        #expect(table().rendered(width: 200) == expected)
    }

    @Test("A narrow terminal cuts the widest flexible columns and leaves the others whole")
    func cut() {
        let expected = """
            POSITION  RECIPIENT       RULE            STATE
                   7  ann@shop.test   order-confirm…  accepted
                1234  someone.with.…  review          held

            """
        #expect(table().rendered(width: 50) == expected)
    }

    @Test("A line fits any width that the narrowest columns allow", arguments: 38...100)
    func fits(width: Int) {
        for line in table().rendered(width: width).split(separator: "\n") {
            #expect(line.unicodeScalars.count <= width)
        }
    }

    @Test("A hostile value stays in its cell")
    func hostile() {
        var table = TextTable([TextTable.Column("A"), TextTable.Column("B")])
        table.add("x\n\u{1B}[2J", "y\r")
        #expect(table.rendered() == "A                B\nx\\u{A}\\u{1B}[2J  y\\u{D}\n")
    }

    @Test("Missing cells are empty and further ones are left out")
    func ragged() {
        var table = TextTable([TextTable.Column("A"), TextTable.Column("B")])
        table.add("1")
        table.add("1", "2", "3")
        #expect(table.rendered() == "A  B\n1\n1  2\n")
    }
}
