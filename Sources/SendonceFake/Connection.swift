// One client connection: collects requests, lets them be judged, and sends the answers in order. The faults
// that spoil an answer on its way are in Connection+Faults.swift.

import NIOCore
import NIOHTTP1
import Synchronization

/// The last handler of a connection's pipeline; takes parsed requests and writes raw bytes.
///
/// One request is answered at a time. While an answer is pending nothing more is read, so a client that sends
/// on without waiting is slowed by its own socket and only what one read brought is kept.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// One request as far as it has come in.
    struct Request {
        enum Target { case send, control, nothing }

        var head: HTTPRequestHead
        var target: Target
        var ordinal: Int
        var fault: FakeBrevo.Fault
        var keepAlive: Bool
        var body = ByteBuffer()
        var bodyBytes = 0

        var isSend: Bool { target == .send && head.method == .POST }
    }

    private enum Phase {
        case open
        /// The last answer is out; what still comes in is read and thrown away.
        case draining
        case closed
    }

    static let sendPath = "/v3/smtp/email"
    /// The one answer of `sink` mode.
    private static let sinkAnswer = Answer(
        status: 201, body: Array("{\"messageId\":\"<0000000000000.0000000@fake-brevo.test>\"}".utf8)
    ).bytes(keepAlive: true)

    let fake: FakeBrevo
    private let number: Int
    private var phase = Phase.open
    private var ordinal = 0
    private var arriving: Request?
    /// Complete requests that came while an answer was pending.
    private var waiting: [Request] = []
    private var isAnswering = false
    private var isReadHeld = false
    private var needsFlush = false

    init(number: Int, of fake: FakeBrevo) {
        self.number = number
        self.fake = fake
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .open else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let bytes): take(bytes, context)
        case .end:
            guard let request = arriving else { return }
            arriving = nil
            if isAnswering { waiting.append(request) } else { answer(request, context) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if needsFlush {
            needsFlush = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if isAnswering { isReadHeld = true } else { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        if arriving?.isSend == true { fake.account.withLock { $0.abandon() } }
        arriving = nil
        waiting = []
        context.fireChannelInactive()
    }

    /// What cannot be parsed as HTTP is answered once and the connection ended; a broken connection just
    /// ends.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard phase == .open else { return }
        guard error is HTTPParserError, !isAnswering else { return close(context) }
        sendLast(Answer(refusal: .invalid("this is not HTTP/1.1")), context)
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        ordinal += 1
        var request = Request(
            head: head, target: Self.target(of: head.uri), ordinal: ordinal, fault: .none,
            keepAlive: head.isKeepAlive)
        if request.isSend && fake.configuration.mode == .faithful {
            request.fault = fake.account.withLock { $0.chaos.draw(onReusedConnection: ordinal > 1) }
        }
        arriving = request
        if request.fault == .dropBeforeReading { return close(context) }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > FakeBrevo.Limits.bodyBytes
        {
            return refuseBody(context)
        }
        if !isAnswering, head.headers.contains(name: "expect") {
            // RFC 9110 section 10.1.1: the client may wait for this before it sends the body.
            context.writeAndFlush(
                wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        }
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard arriving != nil else { return }
        arriving?.bodyBytes += bytes.readableBytes
        if let count = arriving?.bodyBytes, count > FakeBrevo.Limits.bodyBytes { return refuseBody(context) }
        if fake.configuration.mode == .sink && arriving?.isSend == true { return }
        var bytes = bytes
        if arriving?.body.readableBytes == 0 {
            arriving?.body = bytes
        } else {
            arriving?.body.writeBuffer(&bytes)
        }
    }

    private func refuseBody(_ context: ChannelHandlerContext) {
        // With an older answer pending there is no place for this one; the client sees the connection end.
        if isAnswering { return close(context) }
        sendLast(Answer(refusal: .bodyTooLarge), context)
    }

    private static func target(of uri: String) -> Request.Target {
        if uri == sendPath { return .send }
        let path = uri.prefix { $0 != "?" }
        if path == sendPath { return .send }
        return path.hasPrefix("/fake/") ? .control : .nothing
    }

    // MARK: Answering

    private func answer(_ request: Request, _ context: ChannelHandlerContext) {
        isAnswering = true
        switch request.target {
        case .nothing:
            send(Answer(refusal: .unknownPath), to: request, context)
        case .control:
            send(fake.control(request.head.method, request.head.uri, request.body), to: request, context)
        case .send where request.head.method != .POST:
            var answer = Answer(refusal: .wrongMethod)
            answer.headers = [("Allow", "POST")]
            send(answer, to: request, context)
        case .send where fake.configuration.mode == .sink:
            fake.sinkCount.add(1, ordering: .relaxed)
            guard request.keepAlive else {
                return send(
                    Answer(status: 201, body: Array("{\"messageId\":\"<0@fake-brevo.test>\"}".utf8)),
                    to: request, context)
            }
            write(Self.sinkAnswer, context)
            finish(request, context)
        case .send:
            judge(request, context)
        }
    }

    private func judge(_ request: Request, _ context: ChannelHandlerContext) {
        let message = Result { () throws(Refusal) in try Message(request.body) }
        let admitted = fake.configuration.admits(request.head.headers.first(name: "api-key") ?? "")
        let now = fake.configuration.clock()
        let arrival = Arrival(at: now, connection: number, ordinal: request.ordinal, fault: request.fault)
        let answer = fake.account.withLock { $0.answer(message, admitted: admitted, arrival) }
        deliver(answer, to: request, context)
    }

    /// Sends the whole answer and goes on to the next request.
    func send(_ answer: Answer, to request: Request, _ context: ChannelHandlerContext) {
        write(answer.bytes(keepAlive: request.keepAlive, headOnly: request.head.method == .HEAD), context)
        finish(request, context)
    }

    /// Puts bytes on their way; they leave at the end of the read that is going on, or at once.
    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(bytes), promise: nil)
        needsFlush = true
    }

    /// The answer to the request is written as a whole: the connection may go on, or ends.
    func finish(_ request: Request, _ context: ChannelHandlerContext) {
        isAnswering = false
        if !request.keepAlive { drain(context) }
    }

    /// After an answer that did not come in the same turn as its request: the requests that waited for it,
    /// then reading again.
    private func resume(_ context: ChannelHandlerContext) {
        while phase == .open, !isAnswering, !waiting.isEmpty { answer(waiting.removeFirst(), context) }
        if needsFlush {
            needsFlush = false
            context.flush()
        }
        if isReadHeld && !isAnswering {
            isReadHeld = false
            context.read()
        }
    }

    private func sendLast(_ answer: Answer, _ context: ChannelHandlerContext) {
        write(answer.bytes(keepAlive: false), context)
        drain(context)
    }

    /// Ends our side and reads the other to its end for a while; see `Limits.lingerMilliseconds`.
    private func drain(_ context: ChannelHandlerContext) {
        guard phase == .open else { return }
        phase = .draining
        needsFlush = false
        context.flush()
        // A long answer to a slow reader takes its time; the wait begins when it is out.
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in
            self.after(milliseconds: FakeBrevo.Limits.lingerMilliseconds, context) { $0.close($1) }
        }
        context.close(mode: .output, promise: sent)
    }

    /// Closes at once, without a further byte.
    func close(_ context: ChannelHandlerContext) {
        guard phase != .closed else { return }
        phase = .closed
        context.close(promise: nil)
    }

    /// Does something later on this connection's thread, unless the connection is closed by then.
    func after(
        milliseconds: Int, _ context: ChannelHandlerContext,
        do body: @escaping (Connection, ChannelHandlerContext) -> Void
    ) {
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(milliseconds))) {
            guard self.phase != .closed else { return }
            body(self, context)
            self.resume(context)
        }
    }
}
