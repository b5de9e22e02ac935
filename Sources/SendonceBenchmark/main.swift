// Measures Sendonce beside the limit of the same work, in one run, and says whether the floors hold. The same program is
// its own helper processes: the sink, and the projector whose memory is measured.
import Glibc

setvbuf(stdout, nil, _IOLBF, 0)
do {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    switch arguments.role {
    case .sink: try await Sink.serve()
    case .memory(let path): try MemoryBenchmark.projectAll(path)
    case .help: print(Arguments.usage)
    case .measure(let benchmarks):
        var figures: [Figure] = []
        for benchmark in benchmarks {
            fputs("\(benchmark.rawValue): \(benchmark.words) ...\n", stderr)
            figures += try benchmark.measure(arguments.sizes)
        }
        print(FigureTable.text(figures))
        exit(figures.contains { $0.fails } && arguments.hasFloors ? 1 : 0)
    }
} catch {
    fputs("sendonce-benchmark: \(error)\n", stderr)
    exit(2)
}
