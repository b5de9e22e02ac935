// libcurl for Swift: its headers, and a typed function for each use of its variadic calls. Swift can call
// everything else itself. No function here decides anything; what the settings are for is said in
// SendonceCurl.
#pragma once

#include <curl/curl.h>

#if LIBCURL_VERSION_NUM < 0x075500
#error "libcurl 7.85.0 or later is needed (PREREQFUNCTION came with 7.80.0, PROTOCOLS_STR with 7.85.0)"
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

// Settings of an easy handle that never change. Each function returns the first code that is not CURLE_OK.

/// One exchange over HTTP/1.1 and no more: no redirects, no signals, no netrc, no CONNECT heads in our
/// callbacks.
CURLcode ccurl_set_one_exchange(CURL *easy, const char *agent);
/// Allowed schemes, separated by commas.
CURLcode ccurl_set_schemes(CURL *easy, const char *schemes);
/// Certificates are verified, TLS 1.2 is the least; `authorities` is a PEM file, or NULL for the system's.
CURLcode ccurl_set_trust(CURL *easy, const char *_Nullable authorities);
/// "" means none, also where the environment names one.
CURLcode ccurl_set_proxy(CURL *easy, const char *proxy);
/// A connection that was idle for longer is not used again.
CURLcode ccurl_set_connection_age(CURL *easy, long seconds);
/// Called right before each issue of the request; anything but CURL_PREREQFUNC_OK stops it.
CURLcode ccurl_set_guard(CURL *easy, curl_prereq_callback guard, void *context);
/// Called with each line of a response head, and with each piece of a body.
CURLcode ccurl_set_receivers(CURL *easy, curl_write_callback line, curl_write_callback piece, void *context);
/// `text` holds CURL_ERROR_SIZE bytes for as long as the handle lives.
CURLcode ccurl_set_error_text(CURL *easy, char *text);
/// What `ccurl_owner` gives back.
CURLcode ccurl_set_owner(CURL *easy, void *owner);

// Settings of one request. libcurl copies URL and method; headers and body must live until the request is
// done.

CURLcode ccurl_set_url(CURL *easy, const char *url);
CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers);
CURLcode ccurl_set_timeouts(CURL *easy, long connect_milliseconds, long total_milliseconds);
CURLcode ccurl_set_get(CURL *easy);
/// A request with a body and its Content-Length; `method` is NULL for POST.
CURLcode ccurl_set_body(CURL *easy, const char *_Nullable method, const void *bytes, curl_off_t length);

// What a handle knows.

void *_Nullable ccurl_owner(CURL *easy);
/// Bytes of the body handed to the socket (CURLINFO_SIZE_UPLOAD_T); -1 if libcurl does not say.
curl_off_t ccurl_body_bytes_sent(CURL *easy);
/// Microseconds until libcurl last began again (CURLINFO_REDIRECT_TIME_T); 0 if it never did, -1 if it does
/// not say.
curl_off_t ccurl_began_again(CURL *easy);

// Settings of a multi handle.

/// How many idle connections are kept; no multiplexing.
CURLMcode ccurl_set_kept_connections(CURLM *multi, long count);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
