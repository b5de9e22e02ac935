// From settings to a dispatcher with its routes: the one place where providers meet transports.
import Foundation
import SendonceCore
import SendonceCurl
import SendonceDelivery
import SendonceSQLite

struct DispatcherFactory: Sendable {
    let settings: Settings
    let store: SQLiteStore

    func make(wake: @escaping @Sendable () -> Void) throws -> Dispatcher {
        let http = settings.routes.contains { $0.kind == .brevo } ? try CurlTransport() : nil
        let routes = try settings.routes.map { route -> ActiveRoute in
            switch route.kind {
            case .brevo:
                guard let http else { throw CommandError("no HTTP transport") }
                return ActiveRoute(route, provider: BrevoProvider(), transport: http)
            case .maildir:
                return ActiveRoute(route, provider: MaildirProvider(), transport: try Maildir(path: route.url))
            }
        }
        return Dispatcher(
            queue: store, requests: RequestBuilder(store: store), routes: routes,
            settings: DispatchSettings(
                dispatcher: Text("\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"),
                lease: settings.lease),
            wake: wake)
    }
}
