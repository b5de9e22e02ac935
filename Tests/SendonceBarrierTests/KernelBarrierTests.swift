// The kernel's barrier, tried from inside: each side effect happens without it and is refused behind it.
import Foundation
import ProcessSupport
import Testing

@Suite("Kernel barrier")
struct KernelBarrierTests {
    @Test(
        "What has an effect elsewhere happens without the barrier and is refused behind it",
        arguments: [
            "socket", "local-socket", "early-thread", "connect", "program", "fork", "clone",
            "new-file", "removal", "rename", "truncation", "signal", "trace",
        ])
    func effects(_ effect: String) throws {
        // A program that is started takes the place of the probe and prints nothing.
        #expect(try probe("open", effect) == (effect == "program" ? "" : "happened"))
        #expect(try probe("closed", effect) == "refused")
    }

    @Test(
        "Reading a file and starting a thread go on behind the barrier", arguments: ["reading", "new-thread"])
    func permitted(_ effect: String) throws {
        #expect(try probe("closed", effect) == "happened")
    }

    private func probe(_ state: String, _ effect: String) throws -> String {
        let sandbox = try Sandbox()
        if effect != "new-file" { try sandbox.write("text", to: "file") }
        // Standard input is a socket that exists before the barrier.
        let input = FileHandle(
            fileDescriptor: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), closeOnDealloc: true)
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Place.program("BarrierProbe"))
        process.arguments = [state, effect, sandbox.path("file")]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: printed, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
