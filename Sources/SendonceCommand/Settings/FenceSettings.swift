// What a host has outside the database to tell it from a copy: the machine or the deployment, and a directory
// for what was seen.
import Configuration
import Foundation
import SendonceCore
import SendonceFence
import SendonceStore

struct FenceSettings: Sendable {
    /// Takes the machine's place: a name or a secret of this installation.
    var deployment: String?
    /// Where witnesses are kept; nil if no place is known.
    var stateDirectory: String?
    /// Whether `run` may go without a witness.
    var isWitnessWanted: Bool

    init(_ reader: ConfigReader, file: String) throws {
        let environment = ProcessInfo.processInfo.environment
        stateDirectory =
            try FenceSettings.text(reader, "state_directory", file)
            ?? environment["STATE_DIRECTORY"]?.split(separator: ":").first.map(String.init)
            ?? environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : "\($0)/sendonce" }
            ?? environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.local/state/sendonce" }
        deployment = try FenceSettings.text(reader, "deployment", file)
        if let path = try FenceSettings.text(reader, "deployment_file", file) {
            guard deployment == nil else {
                throw CommandError("\(file): deployment and deployment_file: write one of them")
            }
            guard let data = FileManager.default.contents(atPath: path) else {
                throw CommandError("\(file): deployment_file: \(path) cannot be read")
            }
            let secret = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !secret.isEmpty else { throw CommandError("\(file): deployment_file: \(path) is empty") }
            deployment = secret
        }
        let word = reader.string(forKey: "witness", default: "file")
        guard ["file", "none"].contains(word) else {
            throw CommandError("\(file): witness is \(word): write file or none")
        }
        isWitnessWanted = word == "file"
    }

    private static func text(_ reader: ConfigReader, _ key: String, _ file: String) throws -> String? {
        let text = reader.string(forKey: ConfigKey(stringLiteral: key), isSecret: key == "deployment")
        if text?.isEmpty == true { throw CommandError("\(file): \(key) is empty") }
        return text
    }

    /// The machine's own name for itself (machine-id(5)); nil where there is none, as in many containers.
    static var machine: String? {
        let data = FileManager.default.contents(atPath: "/etc/machine-id")
        let text = String(decoding: data ?? Data(), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }

    /// Why the witness cannot be kept; nil if it can, or need not.
    var witnessTrouble: String? {
        guard isWitnessWanted else { return nil }
        guard let stateDirectory else { return "neither state_directory nor HOME is set" }
        do throws(WitnessError) {
            try WitnessFile.checkDirectory(stateDirectory)
            return nil
        } catch {
            return error.words
        }
    }

    /// Whether a copy on another machine could not be told from the original.
    func isPlaceVague(_ identity: DatabaseIdentity) -> Bool {
        !identity.namesItsMachine && deployment == nil && FenceSettings.machine == nil
    }

    /// The guard of a store, for looking only: it makes no directory that is not there.
    func guarding(_ store: AnyStore) throws(StoreError) -> FenceGuard {
        let identity = try store.identity()
        let surroundings = deployment ?? (identity.namesItsMachine ? nil : FenceSettings.machine)
        return try FenceGuard(
            store, surroundings: surroundings.map { Text($0) },
            directory: isWitnessWanted && witnessTrouble == nil ? stateDirectory : nil,
            actor: Text(Activator.currentUser))
    }

    /// Refuses to begin where nothing could be remembered and nobody said that this is wanted.
    func checkWitness() throws {
        guard let trouble = witnessTrouble else { return }
        throw CommandError(
            "what this host has sent cannot be remembered outside the database: \(trouble). Without that, "
                + "a restored backup is not noticed, and sends again what was sent since. Name a directory "
                + "that this user may write in `state_directory:`, or write `witness: none` to go without",
            status: .refused)
    }
}
