#include "tests/sim/fault_kinds.h"

#include <string.h>

#define TIMEOUT_S 60
#define SLOW_S 5

/** Pounds as pence, or a decimal point that moved. */
static void price_x100(const struct fault_settings *settings, int64_t began_s, struct observation_effect *effect)
{
    (void)settings, (void)began_s;
    effect->unit *= 100;
}

static void price_x0_01(const struct fault_settings *settings, int64_t began_s, struct observation_effect *effect)
{
    (void)settings, (void)began_s;
    effect->unit /= 100;
}

/** One wild last price beside an unchanged high and low. */
static void spike(const struct fault_settings *settings, int64_t began_s, struct observation_effect *effect)
{
    (void)began_s;
    effect->spike *= 1 + settings->percent / 100;
}

/** A true price of long ago, with its true time. */
static void stale_time(const struct fault_settings *settings, int64_t began_s, struct observation_effect *effect)
{
    (void)began_s;
    effect->age_s += settings->age_s;
}

/** A price that stays while its time goes on. */
static void frozen(const struct fault_settings *settings, int64_t began_s, struct observation_effect *effect)
{
    (void)settings;
    effect->frozen = true;
    effect->frozen_at_s = began_s;
}

/** The provider's own words for a limit. */
static void status_429(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer)
{
    answer->status = 429;
    answer->retry_after_s = settings->retry_after;
    provider->limited(answer);
}

static void status_5xx(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer)
{
    (void)provider;
    sim_say(answer, (int)settings->status, SIM_HTML, "<html><body><h1>The service is not available</h1></body></html>\n");
    answer->retry_after_s = settings->retry_after;
}

/** Nothing at all, until the client gives up. */
static void timeout(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer)
{
    (void)provider;
    answer->delivery = SIM_NEVER;
    answer->seconds = settings->seconds > 0 ? settings->seconds : TIMEOUT_S;
}

static void slow_body(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer)
{
    (void)provider;
    answer->delivery = SIM_SLOWLY;
    answer->seconds = settings->seconds > 0 ? settings->seconds : SLOW_S;
}

/** A whole HTTP answer around half a body. */
static void truncated_json(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer)
{
    (void)settings, (void)provider;
    answer->body.len /= 2;
}

static void wrong_content_type(const struct fault_settings *settings, const struct sim_provider *provider,
                               struct sim_answer *answer)
{
    (void)settings, (void)provider;
    answer->content_type = SIM_HTML;
}

/** The limit that comes as a success. */
static void alphavantage_note(const struct fault_settings *settings, const struct sim_provider *provider,
                              struct sim_answer *answer)
{
    (void)settings, (void)provider;
    sim_say(answer, 200, SIM_JSON,
            "{\n    \"Note\": \"Thank you for using Alpha Vantage! Our standard API call frequency is 25 calls per day.\"\n}");
}

/** A consent or maintenance page in place of data. */
static void html_page(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer)
{
    (void)settings, (void)provider;
    sim_say(answer, 200, SIM_HTML, "<!DOCTYPE html><html><head><title>Will be right back</title></head><body></body></html>\n");
}

/** What a visitor from Europe gets before he has agreed to cookies. */
static void consent_redirect(const struct fault_settings *settings, const struct sim_provider *provider,
                             struct sim_answer *answer)
{
    (void)settings, (void)provider;
    sim_say(answer, 302, SIM_HTML, "");
    answer->location = "https://guce.yahoo.com/consent?brandType=nonEu&gcrumb=SIMULATED&done=https%3A%2F%2Ffinance.yahoo.com%2F";
}

/** A session that is over. */
static void invalid_crumb(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer)
{
    (void)settings, (void)provider;
    sim_say(answer, 401, SIM_JSON,
            "{\"finance\":{\"result\":null,\"error\":{\"code\":\"Unauthorized\",\"description\":\"Invalid Crumb\"}}}");
}

const struct fault_kind fault_kinds[] = {
    {.name = "price_x100", .on_quote = price_x100},
    {.name = "price_x0_01", .on_quote = price_x0_01},
    {.name = "spike", .on_quote = spike},
    {.name = "stale_time", .on_quote = stale_time},
    {.name = "frozen", .on_quote = frozen},
    {.name = "status_429", .replaces = true, .on_answer = status_429},
    {.name = "status_5xx", .replaces = true, .on_answer = status_5xx},
    {.name = "timeout", .replaces = true, .on_answer = timeout},
    {.name = "slow_body", .on_answer = slow_body},
    {.name = "truncated_json", .on_answer = truncated_json},
    {.name = "wrong_content_type", .on_answer = wrong_content_type},
    {.name = "alphavantage_note", .provider = "alphavantage", .replaces = true, .on_answer = alphavantage_note},
    {.name = "consent_redirect", .provider = "yahoo", .replaces = true, .on_answer = consent_redirect},
    {.name = "invalid_crumb", .provider = "yahoo", .replaces = true, .on_answer = invalid_crumb},
    {.name = "html_page", .replaces = true, .on_answer = html_page},
    {.name = NULL},
};

const struct fault_kind *fault_kind_find(const char *name)
{
    for (const struct fault_kind *kind = fault_kinds; kind->name; kind++) {
        if (strcmp(kind->name, name) == 0)
            return kind;
    }
    return NULL;
}
