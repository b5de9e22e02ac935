// Which libcurl this process runs on, for bug reports.
import CCurl

extension CurlTransport {
    /// libcurl's own words, with the libraries that it uses: `libcurl/7.88.1 OpenSSL/3.0.17 …`.
    package static var libraryVersion: String { String(cString: curl_version()) }
}
