// How an answer is spoilt on its way. Whether the message was accepted is decided before this; see Fault.

import Foundation
import NIOCore

extension Connection {
    /// Sends the answer as the request's fault wants it; nil is no answer at all.
    func deliver(_ answer: Answer?, to request: Request, _ context: ChannelHandlerContext) {
        switch request.fault {
        case .acceptThenReset, .resetOnReuse, .acceptThenResetOnReuse:
            return reset(context)
        case .acceptThenDrop, .dropBeforeReading:
            return close(context)
        default: break
        }
        guard let answer else { return close(context) }
        switch request.fault {
        case .acceptThenLate(let milliseconds):
            after(milliseconds: milliseconds, context) { $0.send(answer, to: request, $1) }
        case .slowDrip(let milliseconds):
            drip(answer.bytes(keepAlive: request.keepAlive), every: milliseconds, to: request, context)
        case .truncatedBody:
            // One byte of the body is held back, and the promise is kept by nobody.
            var cut = answer
            cut.body.removeLast(min(1, cut.body.count))
            let bytes = cut.bytes(keepAlive: request.keepAlive, promisedBytes: answer.body.count + 1)
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            close(context)
        case .truncatedJSON:
            var cut = answer
            cut.body.removeLast(cut.body.count - cut.body.count / 2)
            send(cut, to: request, context)
        default:
            send(answer, to: request, context)
        }
    }

    /// Closes with RST: an SO_LINGER of zero makes the kernel throw away what is unsent and reset
    /// (socket(7)).
    private func reset(_ context: ChannelHandlerContext) {
        guard let options = context.channel as? any SocketOptionProvider else { return close(context) }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
            self.close(context)
        }
    }

    private func drip(
        _ bytes: ByteBuffer, every milliseconds: Int, to request: Request, _ context: ChannelHandlerContext
    ) {
        var rest = bytes
        guard let byte = rest.readSlice(length: 1) else { return finish(request, context) }
        context.writeAndFlush(wrapOutboundOut(byte), promise: nil)
        after(milliseconds: milliseconds, context) { [rest] connection, context in
            connection.drip(rest, every: milliseconds, to: request, context)
        }
    }
}
