// Why a transport could not be made. What goes wrong with a request is an answer, never an error.

/// The reasons, closed.
package enum CurlError: Error, Equatable {
    /// `curl_global_init` failed with this code.
    case libraryRefused(code: Int32)
    /// libcurl gave no handle: out of memory.
    case handleRefused
    /// libcurl does not know or not take a setting that the guarantees rest on.
    case settingRefused(code: Int32)
    case concurrencyOutOfRange(Int)
    /// The authority file or the proxy holds a NUL.
    case settingInvalid
    /// The thread could not be started; the value is an `errno`.
    case threadRefused(code: Int32)
}
