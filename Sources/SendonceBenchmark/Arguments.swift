// What the program was asked to do.

/// Read strictly: a mistyped name must not measure less than was asked for.
struct Arguments {
    enum Role {
        case measure([Benchmark])
        case help
        /// Helper process: answers HTTP until its input ends.
        case sink
        /// Helper process: projects the file and prints what memory it took.
        case memory(String)
        /// Helper process: verifies the file and prints what it took.
        case verify(String, memory: Int?)
        /// Helper process: verifies the log until its input ends.
        case verifyLive(String)
    }

    var role = Role.help
    var sizes = Sizes.full
    var hasFloors = true

    static var usage: String {
        let names = Benchmark.allCases.map { benchmark in
            let name = benchmark.rawValue
            return "  \(name)\(String(repeating: " ", count: 18 - name.count))\(benchmark.words)"
        }
        return """
            usage: sendonce-benchmark [--quick] [--no-floors] [--events N] [--seconds N] [NAME ...]

            Measures what is named, or all:
            \(names.joined(separator: "\n"))

              --quick       small sizes, for a look; the figures say less
              --events N    events of the logs of verify and postgres-verify
              --no-floors   exit 0 also where a floor is not reached
              --seconds N   how long postgres-idle lasts (\(Sizes.full.idleSeconds))
            """
    }

    init(_ words: [String]) throws(BenchmarkError) {
        if words == ["--child", "sink"] {
            role = .sink
            return
        }
        if words.count == 3, words.starts(with: ["--child", "memory"]) {
            role = .memory(words[2])
            return
        }
        if words.count >= 3, words.starts(with: ["--child", "verify"]) {
            role = .verify(words[2], memory: words.count > 3 ? Int(words[3]) : nil)
            return
        }
        if words.count == 3, words.starts(with: ["--child", "verify-live"]) {
            role = .verifyLive(words[2])
            return
        }
        var chosen: [Benchmark] = []
        var (events, seconds): (Int?, Int?)
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--events":
                guard let number = rest.popFirst().flatMap({ Int($0) }), number > 0 else {
                    throw BenchmarkError("--events takes a number")
                }
                events = number
            case "--help", "-h": return
            case "--quick": sizes = .quick
            case "--no-floors": hasFloors = false
            case "--seconds":
                guard let number = rest.popFirst().flatMap({ Int($0) }), (10...86_400).contains(number) else {
                    throw BenchmarkError("--seconds wants a number from 10 to 86400\n\(Arguments.usage)")
                }
                seconds = number
            default:
                guard let benchmark = Benchmark(rawValue: word) else {
                    throw BenchmarkError("there is no benchmark \(word)\n\(Arguments.usage)")
                }
                chosen.append(benchmark)
            }
        }
        // Wherever `--quick` stands among them.
        sizes.verifiedEvents = events ?? sizes.verifiedEvents
        sizes.idleSeconds = seconds ?? sizes.idleSeconds
        role = .measure(chosen.isEmpty ? Benchmark.allCases : chosen)
    }
}

/// Something could not be measured; words for a person.
struct BenchmarkError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
