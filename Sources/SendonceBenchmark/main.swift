// Measures Sendonce beside the limit of the same work, in one run, and says whether the floors hold. The same
// program is its own helper processes: the sink, and the projector whose memory is measured.
import Foundation
import SendonceSQLite

func message(_ words: String) {
    FileHandle.standardError.write(Data((words + "\n").utf8))
}

SQLiteEngine.stopCountingMemory()
do {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    switch arguments.role {
    case .sink: try await Sink.serve()
    case .memory(let path): try MemoryBenchmark.projectAll(path)
    case .verify(let path, let memory): try VerifyBenchmark.verify(path, memory: memory)
    case .verifyLive(let place): try VerifyLiveBenchmark.verify(place)
    case .help: print(Arguments.usage)
    case .measure(let benchmarks):
        var figures: [Figure] = []
        for benchmark in benchmarks {
            message("\(benchmark.rawValue): \(benchmark.words) ...")
            figures += try benchmark.measure(arguments.sizes)
        }
        print(FigureTable.text(figures))
        exit(figures.contains { $0.fails } && arguments.hasFloors ? 1 : 0)
    }
} catch {
    message("sendonce-benchmark: \(error)")
    exit(2)
}
