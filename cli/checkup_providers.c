#include <curl/curl.h>
#include <stdlib.h>

#include "cli/checkup.h"

/** Bound of the connection to one provider; all are tried at once. */
#define CONNECT_TIMEOUT_MS 5000L
/** Longest pause of the loop. */
#define POLL_MS 200

/** A connection that opens and closes again, and carries nothing. */
static CURL *start(CURLM *multi, const struct provider_settings *provider)
{
    CURL *curl = curl_easy_init();
    if (!curl)
        return NULL;
    curl_easy_setopt(curl, CURLOPT_URL, provider->base_url);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, provider->name);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_multi_add_handle(multi, curl);
    return curl;
}

/** Says what came of one connection. */
static void report(struct checkup *checkup, const struct provider_settings *provider, CURLcode result)
{
    if (result == CURLE_OK)
        checkup_add(checkup, provider->name, CHECK_OK, NULL, "%s can be connected to", provider->base_url);
    else if (result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_RESOLVE_PROXY)
        checkup_add(checkup, provider->name, CHECK_FAILED,
                    "look at this machine's name servers (getent hosts NAME) and proxy settings", "%s: %s", provider->base_url,
                    curl_easy_strerror(result));
    else if (result == CURLE_PEER_FAILED_VERIFICATION)
        checkup_add(checkup, provider->name, CHECK_FAILED,
                    "install ca-certificates; a proxy that opens TLS needs its own CA there", "%s: %s", provider->base_url,
                    curl_easy_strerror(result));
    else
        checkup_add(checkup, provider->name, CHECK_FAILED,
                    "the provider is down or a firewall is between; its assets have other sources meanwhile", "%s: %s",
                    provider->base_url, curl_easy_strerror(result));
}

/** Waits for all connections; results[] by number of the provider. */
static void wait_all(CURLM *multi, CURL *const *handles, size_t count, CURLcode *results)
{
    int running = 1;
    while (running > 0) {
        if (curl_multi_perform(multi, &running) != CURLM_OK ||
            curl_multi_poll(multi, NULL, 0, running ? POLL_MS : 0, NULL) != CURLM_OK)
            break;
        int left;
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left)) != NULL;) {
            for (size_t i = 0; i < count; i++) {
                if (handles[i] == message->easy_handle && message->msg == CURLMSG_DONE)
                    results[i] = message->data.result;
            }
        }
    }
}

void checkup_providers(struct checkup *checkup, const struct config *config)
{
    CURLM *multi = curl_multi_init();
    CURL **handles = xcalloc(config->provider_count + 1, sizeof(CURL *));
    CURLcode *results = xcalloc(config->provider_count + 1, sizeof(*results));
    for (size_t i = 0; multi && i < config->provider_count; i++) {
        results[i] = CURLE_OPERATION_TIMEDOUT;
        if (config->providers[i].enabled)
            handles[i] = start(multi, &config->providers[i]);
    }
    if (multi)
        wait_all(multi, handles, config->provider_count, results);
    for (size_t i = 0; i < config->provider_count; i++) {
        if (handles[i]) {
            report(checkup, &config->providers[i], results[i]);
            curl_multi_remove_handle(multi, handles[i]);
        }
        curl_easy_cleanup(handles[i]);
    }
    curl_multi_cleanup(multi);
    free(results);
    free(handles);
}
