// Carries messages into maildirs. To the dispatcher it is a transport like any other: it takes requests that
// `MaildirProvider` built, and answers each once.
import Dispatch
import Glibc
import SendonceClock
import SendonceCore
package import SendonceDelivery
import Synchronization

/// Writes each request's body to the maildir in its URL, under the name in its `message-name` header.
///
/// Guarantees: the port's; a reader never sees a part of a file; what is answered as written is durable, file
/// and name; a second request of the same name, from whatever process, writes nothing and is answered with
/// `MaildirProvider.there`, also after a mail program has moved the file to `cur`. Not guaranteed: that a
/// name is remembered after the file was deleted. Needs a file system with hard links.
///
/// A failure has `code` = -errno; `issues` is 0 unless the file may be seen already.
package final class MaildirTransport: Transport {
    private let queue = DispatchQueue(label: "sendonce.maildir")
    private let isClosed = Atomic<Bool>(false)
    private let drafts = Atomic<UInt64>(0)
    private let onQueue = DispatchSpecificKey<Bool>()

    package init() {
        queue.setSpecific(key: onQueue, value: true)
    }

    package func submit(
        _ requests: [TransportRequest], answered: @escaping @Sendable ([TransportAnswer]) -> Void
    ) {
        guard !requests.isEmpty else { return }
        queue.async { answered(self.deliver(requests)) }
    }

    package func close() {
        isClosed.store(true, ordering: .releasing)
        // Waits for what was submitted before; from an answer's own thread there is nothing to wait for.
        if DispatchQueue.getSpecific(key: onQueue) == nil { queue.sync {} }
    }

    private func deliver(_ requests: [TransportRequest]) -> [TransportAnswer] {
        var answers: [TransportAnswer] = []
        var rest = requests[...]
        while let first = rest.first {
            let same = rest.prefix { $0.url == first.url }
            answers += deliver(Array(same), into: first.url)
            rest = rest.dropFirst(same.count)
        }
        return answers
    }

    /// Delivers to one maildir; the directory is made durable once for all.
    private func deliver(_ requests: [TransportRequest], into url: String) -> [TransportAnswer] {
        guard url.hasPrefix(MaildirProvider.scheme + "/"), !url.utf8.contains(0) else {
            return requests.map { failed($0, MaildirError(call: "URL", code: EINVAL)) }
        }
        let folder = MaildirFolder(path: String(url.dropFirst(MaildirProvider.scheme.count)))
        var answers: [TransportAnswer]
        do throws(MaildirError) {
            try folder.prepare()
            let seen = try folder.seen()
            answers = requests.map { deliver($0, into: folder, seen: seen) }
        } catch {
            return requests.map { failed($0, error) }
        }
        guard answers.contains(where: { $0.status != nil }) else { return answers }
        do throws(MaildirError) {
            try folder.settle()
        } catch {
            for (place, request) in requests.enumerated() where answers[place].status != nil {
                answers[place] = failed(request, error)
            }
        }
        return answers
    }

    private func deliver(_ request: TransportRequest, into folder: MaildirFolder, seen: Set<Text>)
        -> TransportAnswer
    {
        guard !isClosed.load(ordering: .acquiring) else {
            return stopped(request, "the transport was closed")
        }
        let now = Monotonic.now()
        guard now <= request.issueDeadline else { return stopped(request, "the issue deadline has passed") }
        let name = request.headers.first { $0.name == MaildirProvider.nameHeader }?.value ?? ""
        // Nothing but a command's id is a file name here, so no path can hide in it.
        guard let id = CommandID(name), id.description.utf8.elementsEqual(name.utf8) else {
            return failed(request, MaildirError(call: "message name", code: EINVAL))
        }
        do throws(MaildirError) {
            if folder.isThere(name) || seen.contains(Text(name)) {
                return done(request, MaildirProvider.there, name, now)
            }
            let number = drafts.add(1, ordering: .relaxed).newValue
            let draft = "\(name).\(getpid()).\(now).\(number)"
            try folder.write(request.body, as: draft)
            let isNew = try folder.publish(draft, as: name)
            return done(request, isNew ? MaildirProvider.written : MaildirProvider.there, name, now)
        } catch {
            return failed(request, error)
        }
    }

    private func done(_ request: TransportRequest, _ status: Int, _ name: String, _ now: UInt64)
        -> TransportAnswer
    {
        TransportAnswer(
            number: request.number, code: 0, issues: 1, bodyBytesSent: request.body.count, status: status,
            headers: [Header(MaildirProvider.nameHeader, name)], issuedAt: now)
    }

    private func failed(_ request: TransportRequest, _ error: MaildirError) -> TransportAnswer {
        TransportAnswer(
            number: request.number, code: -error.code, message: error.words,
            issues: error.mayBeVisible ? 1 : 0,
            bodyBytesSent: error.mayBeVisible ? request.body.count : 0)
    }

    /// 42 without an issue, as libcurl's transport answers what it stopped itself.
    private func stopped(_ request: TransportRequest, _ words: String) -> TransportAnswer {
        TransportAnswer(number: request.number, code: 42, message: words, issues: 0, bodyBytesSent: 0)
    }
}
