// The dispatcher's requests without the dispatcher: one libcurl multi handle, easy handles used again and again.
#include "Bare.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static size_t drop(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    (void)context;
    return size * count;
}

static CURL *new_handle(const char *url, struct curl_slist *headers, const void *body, size_t length) {
    CURL *easy = curl_easy_init();
    if (!easy) return NULL;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)length);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return easy;
}

/// Takes finished transfers out and starts the next ones. Returns -1 where an answer was not 201.
static int turn_over(CURLM *multi, size_t count, size_t *started, size_t *finished) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (code != CURLE_OK || status != 201) {
            fprintf(stderr, "the sink answered %ld (%s)\n", status, curl_easy_strerror(code));
            return -1;
        }
        *finished += 1;
        curl_multi_remove_handle(multi, easy);
        if (*started < count) {
            curl_multi_add_handle(multi, easy);
            *started += 1;
        }
    }
    return 0;
}

static int post_all(CURLM *multi, size_t started, size_t count) {
    size_t finished = 0;
    while (finished < count) {
        int running;
        if (curl_multi_perform(multi, &running) != CURLM_OK) return -1;
        size_t before = finished;
        if (turn_over(multi, count, &started, &finished)) return -1;
        if (finished == before && curl_multi_poll(multi, NULL, 0, 1000, NULL) != CURLM_OK) return -1;
    }
    return 0;
}

cbare_cost cbare_post(
    const char *url, const char *const *headers, size_t header_count, const void *body, size_t length,
    size_t handles, size_t count
) {
    struct curl_slist *list = NULL;
    for (size_t index = 0; index < header_count; index++) list = curl_slist_append(list, headers[index]);
    CURLM *multi = curl_multi_init();
    CURL **easy = calloc(handles, sizeof *easy);
    int failed = !multi || !easy;
    if (multi) curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)handles);
    size_t started = 0;
    for (; !failed && started < handles && started < count; started++) {
        easy[started] = new_handle(url, list, body, length);
        failed = !easy[started] || curl_multi_add_handle(multi, easy[started]) != CURLM_OK;
    }
    cbare_cost start = bare_clocks();
    failed = failed || post_all(multi, started, count);
    cbare_cost cost = {0, 0};
    bare_add(&cost, start);
    for (size_t index = 0; easy && index < handles; index++) {
        if (!easy[index]) continue;
        curl_multi_remove_handle(multi, easy[index]);
        curl_easy_cleanup(easy[index]);
    }
    free(easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(list);
    return bare_result(cost, failed);
}
