#include <stdio.h>
#include <string.h>

#include "tests/sim/provider.h"

/** Longest symbol. */
#define SIM_SYMBOL_MAX 63

const struct sim_provider *const sim_providers[] = {
    &sim_yahoo,   &sim_coingecko, &sim_alphavantage, &sim_coinbase,    &sim_kraken,
    &sim_binance, &sim_cnbc,      &sim_cboe,         &sim_frankfurter, NULL,
};

const struct sim_provider *sim_provider_find(const char *name)
{
    for (size_t i = 0; sim_providers[i]; i++) {
        if (strcmp(sim_providers[i]->name, name) == 0)
            return sim_providers[i];
    }
    return NULL;
}

const struct sim_endpoint *sim_endpoint_named(const struct sim_provider *provider, const char *name)
{
    for (size_t i = 0; i < provider->endpoint_count; i++) {
        if (strcmp(provider->endpoints[i].name, name) == 0)
            return &provider->endpoints[i];
    }
    return NULL;
}

/** Whether a request is for that endpoint; then *rest is what stands behind its prefix. */
static bool fits(const struct sim_endpoint *endpoint, const struct sim_request *request, const char **rest)
{
    const size_t len = strlen(endpoint->path);
    const bool prefix = len > 1 && endpoint->path[len - 1] == '/';
    const char *function = sim_param(request, "function");
    if (strncmp(request->path, endpoint->path, len) != 0 || (!prefix && request->path[len] != '\0'))
        return false;
    *rest = request->path + len;
    if (endpoint->needs && !sim_param(request, endpoint->needs))
        return false;
    return !endpoint->function || (function && strcmp(function, endpoint->function) == 0);
}

const struct sim_endpoint *sim_endpoint_of(const struct sim_provider *provider, struct sim_request *request)
{
    for (size_t i = 0; i < provider->endpoint_count; i++) {
        if (fits(&provider->endpoints[i], request, &request->rest))
            return &provider->endpoints[i];
    }
    return NULL;
}

void sim_ask(struct sim_call *call, const struct sim_asset *asset)
{
    for (size_t i = 0; i < call->asset_count; i++) {
        if (call->assets[i] == asset)
            return;
    }
    if (asset && call->asset_count < SIM_ASKED_MAX)
        call->assets[call->asset_count++] = asset;
}

/** Copies an item of a list; false when it is too long for a symbol. */
static bool copy_symbol(struct str item, char symbol[SIM_SYMBOL_MAX + 1])
{
    if (item.len > SIM_SYMBOL_MAX)
        return false;
    memcpy(symbol, item.ptr, item.len);
    symbol[item.len] = '\0';
    return true;
}

bool sim_knows_all(const struct sim_call *call, const char *list)
{
    char symbol[SIM_SYMBOL_MAX + 1];
    for (struct str item; sim_list_next(&list, &item);) {
        if (!copy_symbol(item, symbol) || !sim_asset_by_symbol(call->provider->source, symbol))
            return false;
    }
    return true;
}

void sim_ask_list(struct sim_call *call, const char *list, bool trim)
{
    char symbol[SIM_SYMBOL_MAX + 1];
    for (struct str item; sim_list_next(&list, &item);) {
        if (copy_symbol(trim ? sim_trim(item) : item, symbol))
            sim_ask(call, sim_asset_by_symbol(call->provider->source, symbol));
    }
}

void out_decimal(struct json_out *out, const char *key, double value, int decimals)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*f", decimals, value);
    out_text(out, key, text);
}

void sim_say(struct sim_answer *answer, int status, const char *content_type, const char *body)
{
    answer->status = status;
    answer->content_type = content_type;
    buf_reset(&answer->body);
    buf_append_str(&answer->body, str_from(body));
}
