// From settings to a dispatcher with its routes: the one place where providers meet transports.
import Foundation
import SendonceCore
import SendonceCurl
import SendonceDelivery
import SendonceFence
import SendonceMaildir
import SendonceStore

struct DispatcherFactory: Sendable {
    let settings: Settings
    let store: AnyStore
    /// nil where nothing can leave but to a fake provider.
    let fence: FenceGuard?

    func make(wake: @escaping @Sendable () -> Void) throws -> Dispatcher {
        let now = try store.now()
        let isOnServer = try store.dataVersion() == nil
        let routes = try settings.routes.map { route in
            do throws(MessageError) {
                try route.kind.provider.check(route)
            } catch {
                throw CommandError("route.\(route.name): \(error.description)")
            }
            return ActiveRoute(route, transport: try transport(for: route), at: now)
        }
        return Dispatcher(
            queue: queue, requests: RequestBuilder(store: store), routes: routes,
            settings: DispatchSettings(
                dispatcher: Text(Store.processName),
                lease: settings.lease,
                gatheringTime: isOnServer ? DispatchSettings.gatheringTimeOnServer : .milliseconds(0)),
            wake: wake)
    }

    private var queue: any CommandQueue {
        if let fence { return GuardedQueue(store, fence: fence) }
        return store
    }

    /// A transport for each route: one account's stalled connections must not hold up another's.
    private func transport(for route: Route) throws -> any Transport {
        switch route.kind {
        case .maildir: MaildirTransport()
        case .brevo:
            // Settings let plain HTTP through to this machine only.
            try CurlTransport(
                CurlSettings(concurrency: route.concurrency, allowsPlainHTTP: route.url.hasPrefix("http://")))
        }
    }
}
