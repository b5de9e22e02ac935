// The fake writes JSON itself, so what it writes is compared with what Foundation reads.

import Foundation
import Testing

@testable import SendonceFake

@Suite("Written JSON")
struct JSONTests {
    @Test("What Foundation reads is written with the same meaning, members ordered by name")
    func roundTrip() throws {
        let text =
            #"{"z":[1,-2.5,true,false,null,[],{}],"a":"q\" \\ \n\t\u0001 é 😀 \u2028","#
            + #""n":1e300,"u":9007199254740993}"#
        let read = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
        let members = try #require(read as? [String: Any])
        let written = JSON.text(members)
        try #expect(JSONSerialization.jsonObject(with: Data(written.utf8)) as? NSDictionary == read)
        #expect(written.hasPrefix(#"{"a":"q\" \\ \n\u0009\u0001 é"#))
        #expect(written.contains(#""z":[1,-2.5,true,false,null,[],{}]"#))
    }
}
