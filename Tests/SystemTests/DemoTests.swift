// The demo is a promise to newcomers: it must go on working.
import Foundation
import ProcessSupport
import Testing

extension SystemTests {
    @Test("The demo shows two orders, 64 events and two e-mails")
    func demo() throws {
        let sandbox = try Sandbox()
        let demo = try Program(
            "/usr/bin/env", ["bash", Place.fixture("demo/demo.sh"), Place.sendonce], in: sandbox)
        #expect(demo.wait() == 0, "\(demo.errorText)\n\(demo.outputText)")
        #expect(demo.outputText.contains("Two orders, 64 events, two e-mails."))
    }
}
