// The owner of one easy handle of libcurl: made once, used for one request after another, closed with its
// owner.

import CCurl

struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    /// Where libcurl says more than the code does; `CURL_ERROR_SIZE` bytes.
    private let errorText: UnsafeMutablePointer<CChar>

    init() throws(CurlError) {
        guard let made = curl_easy_init() else { throw .handleRefused }
        pointer = made
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        // In this order: libcurl may write to the text until the handle is closed.
        curl_easy_cleanup(pointer)
        errorText.deallocate()
    }

    /// libcurl's words for the code of the last request.
    func words(for code: CURLcode) -> String {
        String(cString: errorText[0] != 0 ? UnsafePointer(errorText) : curl_easy_strerror(code))
    }

    func forgetWords() {
        errorText[0] = 0
    }

    /// Gives the handle everything that is the same for all requests.
    ///
    /// Guarantee: throws unless libcurl took every setting; a transport without the guard never runs.
    func configure(_ settings: borrowing CurlSettings) throws(CurlError) {
        try check(ccurl_set_one_exchange(pointer, "sendonce"))
        try check(ccurl_set_schemes(pointer, settings.allowsPlainHTTP ? "http,https" : "https"))
        try check(ccurl_set_error_text(pointer, errorText))
        try check(ccurl_set_proxy(pointer, settings.proxy ?? ""))
        try check(ccurl_set_connection_age(pointer, CurlLimits.connectionAge))
        if let authorities = settings.authorityFile {
            try check(ccurl_set_trust(pointer, authorities))
        } else {
            try check(ccurl_set_trust(pointer, nil))
        }
    }

    /// Throws what is not `CURLE_OK`.
    func check(_ code: CURLcode) throws(CurlError) {
        guard code == CURLE_OK else { throw .settingRefused(code: Int32(bitPattern: code.rawValue)) }
    }
}
