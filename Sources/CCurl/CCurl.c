// The variadic calls of libcurl, each behind a typed function.
#include "CCurl.h"

// Returns from the enclosing function at the first option that libcurl refuses.
#define SET(handle, option, value)                                      \
    do {                                                                \
        CURLcode code = curl_easy_setopt((handle), (option), (value));  \
        if (code != CURLE_OK) return code;                              \
    } while (0)

CURLcode ccurl_set_one_exchange(CURL *easy, const char *agent) {
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_MAXREDIRS, 0L);
    // An empty list is refused by libcurl; with FOLLOWLOCATION off this is only the second bolt.
    SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    SET(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_TCP_NODELAY, 1L);
    SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(easy, CURLOPT_ACCEPT_ENCODING, (char *)NULL);
    SET(easy, CURLOPT_USERAGENT, agent);
    return CURLE_OK;
}

CURLcode ccurl_set_schemes(CURL *easy, const char *schemes) {
    SET(easy, CURLOPT_PROTOCOLS_STR, schemes);
    return CURLE_OK;
}

CURLcode ccurl_set_trust(CURL *easy, const char *authorities) {
    SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (authorities) SET(easy, CURLOPT_CAINFO, authorities);
    return CURLE_OK;
}

CURLcode ccurl_set_proxy(CURL *easy, const char *proxy) {
    SET(easy, CURLOPT_PROXY, proxy);
    return CURLE_OK;
}

CURLcode ccurl_set_connection_age(CURL *easy, long seconds) {
    SET(easy, CURLOPT_MAXAGE_CONN, seconds);
    return CURLE_OK;
}

CURLcode ccurl_set_guard(CURL *easy, curl_prereq_callback guard, void *context) {
    SET(easy, CURLOPT_PREREQDATA, context);
    SET(easy, CURLOPT_PREREQFUNCTION, guard);
    return CURLE_OK;
}

CURLcode ccurl_set_receivers(CURL *easy, curl_write_callback line, curl_write_callback piece, void *context) {
    SET(easy, CURLOPT_HEADERDATA, context);
    SET(easy, CURLOPT_HEADERFUNCTION, line);
    SET(easy, CURLOPT_WRITEDATA, context);
    SET(easy, CURLOPT_WRITEFUNCTION, piece);
    return CURLE_OK;
}

CURLcode ccurl_set_error_text(CURL *easy, char *text) {
    SET(easy, CURLOPT_ERRORBUFFER, text);
    return CURLE_OK;
}

CURLcode ccurl_set_owner(CURL *easy, void *owner) {
    SET(easy, CURLOPT_PRIVATE, owner);
    return CURLE_OK;
}

CURLcode ccurl_set_url(CURL *easy, const char *url) {
    SET(easy, CURLOPT_URL, url);
    return CURLE_OK;
}

CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers) {
    SET(easy, CURLOPT_HTTPHEADER, headers);
    return CURLE_OK;
}

CURLcode ccurl_set_timeouts(CURL *easy, long connect_milliseconds, long total_milliseconds) {
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_milliseconds);
    SET(easy, CURLOPT_TIMEOUT_MS, total_milliseconds);
    return CURLE_OK;
}

CURLcode ccurl_set_get(CURL *easy) {
    SET(easy, CURLOPT_CUSTOMREQUEST, (char *)NULL);
    SET(easy, CURLOPT_HTTPGET, 1L);
    return CURLE_OK;
}

CURLcode ccurl_set_body(CURL *easy, const char *method, const void *bytes, curl_off_t length) {
    SET(easy, CURLOPT_POST, 1L);
    SET(easy, CURLOPT_CUSTOMREQUEST, method);
    SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, length);
    SET(easy, CURLOPT_POSTFIELDS, bytes);
    return CURLE_OK;
}

void *ccurl_owner(CURL *easy) {
    char *owner = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner) == CURLE_OK ? owner : NULL;
}

curl_off_t ccurl_body_bytes_sent(CURL *easy) {
    curl_off_t bytes = 0;
    return curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &bytes) == CURLE_OK ? bytes : -1;
}

curl_off_t ccurl_began_again(CURL *easy) {
    curl_off_t microseconds = 0;
    return curl_easy_getinfo(easy, CURLINFO_REDIRECT_TIME_T, &microseconds) == CURLE_OK ? microseconds : -1;
}

CURLMcode ccurl_set_kept_connections(CURLM *multi, long count) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, count);
    if (code != CURLM_OK) return code;
    return curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
}
