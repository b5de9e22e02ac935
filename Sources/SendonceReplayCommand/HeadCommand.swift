// `sendonce-replay head`
import ArgumentParser
import SendonceCore
import SendonceStore

struct HeadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head",
        abstract: "Print where the log ends, to keep elsewhere.",
        discussion: """
            LINK@POSITION stands for every event up to that position. Kept in another place, it shows with \
            `verify --head` that nobody rewrote them since; beside the log alone it proves little.
            """)

    @OptionGroup var options: LogOptions

    func run() throws {
        let open = try OpenLog(options.place)
        let (head, name) = (try open.log.head(), try open.log.name())
        switch options.output {
        case .text:
            print("\(head.link)@\(head.position)")
            print("log \(name?.description ?? "empty")")
        case .json:
            let members = [
                JSONMember("position", .integer(String(head.position))),
                JSONMember("link", .string(Text(head.link.description))),
                JSONMember("log", name.map { .string(Text($0.description)) } ?? .null),
                JSONMember("place", .string(open.place)),
            ]
            print(JSONValue.object(members).jsonText)
        }
    }
}
