// What can be known of a request from how its transfer ended, whatever the provider. The order of the
// questions matters more than the curl code: see the table of curl codes and the measurements behind it in
// the reference on providers.
package import SendonceCore

/// What a transfer proves.
package enum TransferFinding: Hashable, Sendable {
    /// A complete response head came; its status decides. `isComplete` says whether the body came whole as
    /// well.
    case answered(status: Int, isComplete: Bool)
    /// No status decides: the verdict is the transfer's own.
    case unanswered(Verdict)
}

extension TransportAnswer {
    /// CURLE_FAILED_INIT and CURLE_OUT_OF_MEMORY: trouble on our side, which no command should pay for.
    private static let ownTrouble: [Int32] = [2, 27]
    /// CURLE_URL_MALFORMAT and CURLE_BAD_FUNCTION_ARGUMENT: a request that we built wrongly. It counts, so
    /// that it ends, but says nothing about the provider.
    private static let malformed: [Int32] = [3, 43]
    /// CURLE_ABORTED_BY_CALLBACK: our own guard stopped it, for its deadline, for `close` or before a
    /// second issue.
    private static let stopped: Int32 = 42
    /// After an issue both mean that libcurl may have begun to send again, and then it counts bytes from the
    /// start: the code above, and CURLE_SEND_FAIL_REWIND.
    private static let begunAgain: [Int32] = [stopped, 65]

    /// Classifies a transfer whose request had a body of `bodyLength` bytes.
    ///
    /// 1. Never issued: certainly not sent.
    /// 2. A complete head with a final status: the status decides, also if the transfer broke after it.
    /// 3. Body not handed over as a whole: the server holds no whole request, because we always send
    ///    Content-Length. Not so where libcurl had begun a second time: then the count is that of the second
    ///    time.
    /// 4. Otherwise nobody knows.
    package func finding(bodyLength: Int) -> TransferFinding {
        let code = Text("curl_\(self.code)")
        let words = AnswerExcerpt.text(message)
        guard issues > 0 else {
            if self.code == TransportAnswer.stopped { return .unanswered(.neverLeft) }
            let isOwn = TransportAnswer.ownTrouble.contains(self.code)
            let isProviders = !isOwn && !TransportAnswer.malformed.contains(self.code)
            return .unanswered(
                Verdict(
                    // Nothing of it ever left, so no attempt is used up; but what was built wrongly would be
                    // built wrongly for ever.
                    .rejectedForNow, counts: TransportAnswer.malformed.contains(self.code), code: code,
                    words: words,
                    trouble: isProviders ? .server : nil))
        }
        if let status, status >= 200 {
            return .answered(status: status, isComplete: self.code == 0)
        }
        let hasBegunAgain = issues > 1 || TransportAnswer.begunAgain.contains(self.code)
        if !hasBegunAgain, bodyBytesSent < bodyLength {
            return .unanswered(Verdict(.rejectedForNow, code: code, words: words, trouble: .server))
        }
        return .unanswered(Verdict(.unknown, code: code, words: words, trouble: .server))
    }
}
