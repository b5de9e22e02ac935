// What a program that runs another one has started, as `faketime` and `strace` do.
import Foundation

extension Program {
    /// The first process that it started itself; nil while there is none.
    package var child: Int32? {
        guard isRunning,
            let children = try? String(
                contentsOfFile: "/proc/\(identifier)/task/\(identifier)/children", encoding: .utf8)
        else { return nil }
        return children.split(separator: " ").first.flatMap { Int32($0) }
    }
}
