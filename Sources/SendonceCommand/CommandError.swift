// Errors as people see them: one sentence, one exit code. The only place where an error becomes words for the
// terminal.
import ArgumentParser
import SendonceBundle
import SendonceCore
import SendonceProjection
import SendonceRuleFiles
import SendonceRules
import SendonceStore
import SendonceTransfer

/// Exit codes of every command.
enum ExitStatus: Int32 {
    /// Yes, or done.
    case yes = 0
    /// The answer is no: nothing found, differs, unhealthy.
    case no = 1
    case failed = 2
    /// Refused: needs a confirmation, or is fenced.
    case refused = 3
    case usage = 64
}

/// Why a command ends without its result.
struct CommandError: Error {
    var words: String
    var status: ExitStatus

    init(_ words: String, status: ExitStatus = .failed) {
        self.words = words
        self.status = status
    }

    init(_ error: any Error) {
        switch error {
        case let error as CommandError: self = error
        case let error as StoreError: self.init(error.description, status: error.status)
        case let error as TransferError:
            switch error {
            case .store(let error): self.init(error.description, status: error.status)
            case .refused: self.init(error.description, status: .refused)
            case .differs: self.init(error.description, status: .no)
            }
        case let error as BundleError:
            switch error {
            case .store(let error): self.init(error.description, status: error.status)
            case .refused: self.init(error.description, status: .refused)
            case .file, .line: self.init(error.description)
            }
        case let error as UnreadableRules: self.init(error.words)
        case let error as RuleMistakes: self.init(error.description)
        case let error as StoredRules.Defect: self.init(error.description)
        case let error as ActivationError:
            switch error {
            case .unconfirmed, .overtaken: self.init(error.description, status: .refused)
            case .store(let error): self.init(error.description, status: error.status)
            case .unfit: self.init(error.description)
            }
        case let error as BackfillError:
            switch error {
            case .unconfirmed, .overtaken: self.init(error.description, status: .refused)
            case .store(let error): self.init(error.description, status: error.status)
            case .unfit: self.init(error.description)
            }
        default: self.init("\(error)")
        }
    }
}

extension StoreError {
    /// How a command ends that it stops.
    var status: ExitStatus {
        if case .fenced = self { return .refused }
        return .failed
    }
}
