// One route's part of the settings.
import Configuration
import Foundation
import SendonceCore
import SendonceDelivery

enum RouteSettings {
    /// Reads `route.NAME.*`. Every mistake names the key and the cure.
    static func route(_ name: String, _ reader: ConfigReader, file: String) throws -> Route {
        let place = "\(file): route.\(name)"
        guard let kind = reader.string(forKey: "provider") else {
            throw CommandError("\(place).provider is missing: write brevo or maildir")
        }
        var route: Route
        switch kind {
        case "brevo":
            let url = reader.string(forKey: "url", default: "https://api.brevo.com")
            try check(url: url, place: place)
            guard let secret = Secret(try apiKey(reader, place: place)) else {
                throw CommandError("\(place).api_key_file: what it holds is no key (visible ASCII, one line)")
            }
            route = Route(name: Text(name), kind: .brevo, url: url, secret: secret)
        case "maildir":
            guard let path = reader.string(forKey: "path"), !path.isEmpty else {
                throw CommandError("\(place).path is missing: name the directory that receives the mail")
            }
            route = Route(
                name: Text(name), kind: .maildir, url: "maildir:\(URL(fileURLWithPath: path).path)")
        default:
            throw CommandError("\(place).provider is \(kind): write brevo or maildir")
        }
        try applyLimits(reader, to: &route, place: place)
        return route
    }

    private static func applyLimits(_ reader: ConfigReader, to route: inout Route, place: String) throws {
        let typed = TypedValue(reader: reader, place: "\(place).")
        let (rate, burst) = (try typed.int("rate"), try typed.int("burst"))
        guard rate.map({ $0 > 0 }) ?? true, burst.map({ $0 > 0 }) ?? true else {
            throw CommandError("\(place).rate and .burst must be above 0")
        }
        if let rate, let burst, burst > rate {
            throw CommandError(
                "\(place).burst must not be above .rate: in no second do more than \(rate) messages leave")
        }
        route.rate = RateSettings(count: rate, burst: burst)
        if let concurrency = try typed.int("concurrency") {
            route.concurrency = concurrency
            route.sharedConcurrency = concurrency
        }
        if let time = try timeout("connect_timeout_ms", typed) { route.connectTimeout = time }
        if let time = try timeout("total_timeout_ms", typed) { route.totalTimeout = time }
        route.schedule = RetrySchedule(
            base: .milliseconds(Int64(try typed.int("retry_first_ms") ?? 2_000)),
            longest: .milliseconds(Int64(try typed.int("retry_longest_ms") ?? 3_600_000)),
            attemptLimit: try typed.int("attempts") ?? Limits.attemptLimit)
        guard route.schedule.base > .milliseconds(0), route.schedule.longest >= route.schedule.base,
            (1...1_000).contains(route.schedule.attemptLimit)
        else {
            throw CommandError(
                "\(place): retry_first_ms must be above 0, retry_longest_ms not below it, "
                    + "attempts from 1 to 1000"
            )
        }
        guard (1...1_024).contains(route.concurrency) else {
            throw CommandError("\(place).concurrency is \(route.concurrency): write a number from 1 to 1024")
        }
        guard route.totalTimeout >= route.connectTimeout else {
            throw CommandError("\(place).total_timeout_ms must not be below connect_timeout_ms")
        }
    }

    /// A time within a day, the longest lease, so that sums of times cannot overflow.
    private static func timeout(_ key: String, _ typed: TypedValue) throws -> Int? {
        guard let time = try typed.int(key) else { return nil }
        guard (1...86_400_000).contains(time) else {
            throw CommandError("\(typed.place)\(key) is \(time): write a number from 1 to 86400000")
        }
        return time
    }

    /// A key is never taken from the command line, where every user of the machine can read it.
    private static func apiKey(_ reader: ConfigReader, place: String) throws -> String {
        if let path = reader.string(forKey: "api_key_file") {
            guard let data = FileManager.default.contents(atPath: path) else {
                // Somebody may have written the key itself here; it must not be printed.
                let isKey = path.hasPrefix("xkeysib-") || path.utf8.count > 200
                let shown = isKey ? "what it names" : path
                throw CommandError("\(place).api_key_file: \(shown) cannot be read")
            }
            let key = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !key.isEmpty else { throw CommandError("\(place).api_key_file: \(path) is empty") }
            return key
        }
        guard let key = reader.string(forKey: "api_key", isSecret: true), !key.isEmpty else {
            throw CommandError(
                "\(place).api_key_file is missing: name a file that holds the provider's key")
        }
        return key
    }

    /// A key must not travel in the clear: plain HTTP is for fakes on this machine.
    private static func check(url: String, place: String) throws {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
            throw CommandError("\(place).url is not a URL: \(url)")
        }
        let isLocal = host == "127.0.0.1" || host == "localhost" || host == "[::1]" || host == "::1"
        guard parts.scheme == "https" || (parts.scheme == "http" && isLocal) else {
            throw CommandError("\(place).url must begin with https:// (http:// only to this machine)")
        }
    }
}
