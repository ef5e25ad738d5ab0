#include "ingest/reading.h"

#include <string.h>

#include "base/log.h"
#include "ingest/quota.h"
#include "ingest/records.h"
#include "ingest/reply.h"

#define COMPONENT "ingest.fetch"

/** Takes the API key out of a message, in case a provider repeats it. */
static void redact(char *message, const char *secret)
{
    size_t len = secret != NULL ? strlen(secret) : 0;
    for (char *found = message; len > 0 && (found = strstr(found, secret)) != NULL; found += len) {
        memset(found, '*', len);
    }
}

void reading_take(struct reading *reading, const struct reading_origin *origin, const struct call *call,
                  const struct fetch_result *fetched, struct arena *arena)
{
    const struct request_spec spec = call_spec(call, origin->api_key, origin->session);
    struct http_response response = fetched->response;
    response.fetched_at_us = origin->fetched_at_us;
    *reading = (struct reading){
        .provider = origin->provider,
        .endpoint = origin->endpoint->name,
        .asset = call->asset_count == 1 && origin->endpoint->batch_max != BATCH_WHOLE ? call->assets[0].asset : NULL,
        .attempt = call->attempt,
        .request_id = origin->request_id,
        .fetched_at_us = origin->fetched_at_us,
        .latency_ms = fetched->latency_ms,
        .retry_after_s = response.retry_after_s,
    };
    if (!fetched->complete) {
        reply_set(&reading->parsed, fetched->failure, "%s", fetched->message);
        return;
    }
    reading->status = SOME_INT(response.status);
    if (origin->conditional && response.status == 304) {
        reply_set(&reading->parsed, OUTCOME_OK, "not modified since the last answer");
        return;
    }
    origin->endpoint->parse(&spec, &response, arena, &reading->parsed);
    redact(reading->parsed.message, origin->api_key);
    records_stamp(&reading->parsed, origin->fetched_at_us, origin->request_id);
}

struct health_event reading_health(const struct reading *reading, const struct provider_settings *settings, int64_t quota_used)
{
    const struct parse_result *parsed = &reading->parsed;
    bool about_asset = reading->asset != NULL && parsed->outcome != OUTCOME_OK;
    return (struct health_event){
        .provider = str_from(reading->provider),
        .at_us = reading->fetched_at_us,
        .state = str_from(outcome_name(parsed->outcome)),
        .endpoint = str_from(reading->endpoint),
        .asset = about_asset ? SOME_STR(str_from(reading->asset)) : (struct opt_str){0},
        .http_status = reading->status,
        .latency_ms = reading->latency_ms,
        .quotes = (int32_t)parsed->quote_count,
        .quota_used = quota_used,
        .quota_limit = quota_limit(settings),
        .message = parsed->message[0] != '\0' ? str_from(parsed->message) : STR("all that was asked for is in the answer"),
        .request_id = str_from(reading->request_id),
    };
}

/** How loud the line is. */
static enum log_level level_of(const struct parse_result *parsed, const struct call_verdict *verdict)
{
    if (parsed->outcome == OUTCOME_OK) {
        return parsed->missing_count == 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
    }
    return verdict->retry_in_ms.set ? LOG_LEVEL_INFO : LOG_LEVEL_WARN;
}

/** What the call came to, in a few words. */
static const char *words_of(const struct parse_result *parsed, const struct call_verdict *verdict)
{
    if (verdict->retired != NULL) {
        return "the asset is inactive at this provider from now on";
    }
    if (verdict->unknown != NULL) {
        return "the provider does not know the symbol, which is left out for a day";
    }
    if (verdict->halved) {
        return "the provider does not know a symbol of the batch, of which both halves are asked about";
    }
    if (verdict->breaker_opened) {
        return "the call failed, and the provider gets none for a while";
    }
    if (verdict->fallback != NULL) {
        return "the endpoint is refused and another one is asked from now on";
    }
    if (verdict->retry_in_ms.set) {
        return "the call failed and will be made again";
    }
    if (parsed->outcome != OUTCOME_OK) {
        return "the call failed";
    }
    return parsed->missing_count == 0 ? "the call went well" : "the answer lacks assets";
}

void reading_log(const struct reading *reading, const struct call_verdict *verdict)
{
    const struct parse_result *parsed = &reading->parsed;
    struct log_field fields[16] = {
        F_STR("provider", reading->provider),
        F_STR("endpoint", reading->endpoint),
        F_STR("outcome", outcome_name(parsed->outcome)),
        F_INT("records", records_total(parsed)),
        F_INT("attempt", reading->attempt),
        F_DOUBLE("latency_ms", reading->latency_ms),
        F_STR("request_id", reading->request_id),
    };
    size_t count = 7; /* those above; the array ends with a zeroed entry */
    if (reading->asset != NULL) {
        fields[count++] = F_STR("asset", reading->asset);
    }
    if (parsed->message[0] != '\0') {
        fields[count++] = F_STR("why", parsed->message);
    }
    if (verdict->retry_in_ms.set) {
        fields[count++] = F_INT("retry_in_ms", verdict->retry_in_ms.value);
    }
    if (verdict->pause_ms.set) {
        fields[count++] = F_INT("pause_ms", verdict->pause_ms.value);
    }
    if (verdict->fallback != NULL) {
        fields[count++] = F_STR("fallback", verdict->fallback);
    }
    if (verdict->questions > 0) {
        fields[count++] = F_INT("questions", verdict->questions);
    }
    enum log_level level = level_of(parsed, verdict);
    if (log_enabled(level, COMPONENT)) {
        log_write(level, COMPONENT, words_of(parsed, verdict), fields);
    }
}
