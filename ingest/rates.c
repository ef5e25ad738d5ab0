#include "ingest/rates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_NAME_MAX 63
#define CURRENCY_CODE_MAX 15

/** What one source said last. */
struct told_rate {
    char source[SOURCE_NAME_MAX + 1];
    double usd;
    int64_t at_us;
};

/** One currency and what its sources said. */
struct currency_rates {
    const char *asset; /* borrowed from the configuration */
    char code[CURRENCY_CODE_MAX + 1];
    struct told_rate told[RATES_SOURCES_MAX];
    size_t told_count;
};

/** The currency that an asset is about: the code of crypto:USDT, the first one of fx:EURUSD. */
static void find_code(const char *asset, char code[CURRENCY_CODE_MAX + 1])
{
    const char *colon = strchr(asset, ':');
    size_t len = colon != NULL ? strlen(colon + 1) : 0;
    bool pair = strncmp(asset, "fx:", 3) == 0 && len > 3;
    snprintf(code, CURRENCY_CODE_MAX + 1, "%.*s", (int)(pair ? len - 3 : len), colon != NULL ? colon + 1 : "");
}

void rates_init(struct rates *rates, const struct config *config)
{
    const struct string_list *assets = &config->ingest.usd_rates;
    *rates = (struct rates){.currencies = xcalloc(assets->count + 1, sizeof *rates->currencies), .count = assets->count};
    for (size_t i = 0; i < assets->count; i++) {
        rates->currencies[i].asset = assets->items[i];
        find_code(assets->items[i], rates->currencies[i].code);
    }
}

void rates_clear(struct rates *rates)
{
    free(rates->currencies);
    *rates = (struct rates){0};
}

/** The place of a source, a new one when there is room, else NULL. */
static struct told_rate *place_of(struct currency_rates *currency, struct str source)
{
    for (size_t i = 0; i < currency->told_count; i++) {
        if (str_is(source, currency->told[i].source)) {
            return &currency->told[i];
        }
    }
    if (currency->told_count == RATES_SOURCES_MAX || source.len > SOURCE_NAME_MAX) {
        return NULL;
    }
    struct told_rate *place = &currency->told[currency->told_count++];
    snprintf(place->source, sizeof place->source, "%.*s", STR_ARG(source));
    return place;
}

/** Remembers what a quote tells about a currency. */
static void learn(struct rates *rates, const struct quote *quote)
{
    for (size_t i = 0; i < rates->count; i++) {
        struct currency_rates *currency = &rates->currencies[i];
        if (!str_is(quote->asset, currency->asset) || !str_is(quote->currency, "USD")) {
            continue;
        }
        struct told_rate *place = isfinite(quote->price) && quote->price > 0 ? place_of(currency, quote->source) : NULL;
        /* A time to come would keep all later ones out. */
        int64_t at_us = quote->observed_at_us < quote->fetched_at_us ? quote->observed_at_us : quote->fetched_at_us;
        if (place != NULL && at_us >= place->at_us) {
            place->usd = quote->price;
            place->at_us = at_us;
        }
    }
}

/** Whether a rate comes before another one: by value, those of one value by source, so that it does not matter who told first. */
static bool comes_before(const struct told_rate *a, const struct told_rate *b)
{
    return a->usd != b->usd ? a->usd < b->usd : strcmp(a->source, b->source) < 0;
}

/** Whether a rate can be used at a fetch. */
static bool is_young(const struct told_rate *rate, int64_t fetched_at_us)
{
    return fetched_at_us - rate->at_us <= RATES_AGE_MAX_US;
}

/** The middle one of the rates that are young enough, or NULL. */
static const struct told_rate *middle_rate(const struct currency_rates *currency, int64_t fetched_at_us)
{
    size_t young = 0;
    for (size_t i = 0; i < currency->told_count; i++) {
        young += is_young(&currency->told[i], fetched_at_us);
    }
    for (size_t i = 0; i < currency->told_count; i++) {
        const struct told_rate *rate = &currency->told[i];
        size_t before = 0;
        for (size_t k = 0; k < currency->told_count; k++) {
            before += is_young(&currency->told[k], fetched_at_us) && comes_before(&currency->told[k], rate);
        }
        if (is_young(rate, fetched_at_us) && before == (young - 1) / 2) {
            return rate;
        }
    }
    return NULL;
}

/** Puts the rate of its currency on a quote; the source's name is borrowed from `rates`. */
static void apply(const struct rates *rates, struct quote *quote)
{
    for (size_t i = 0; i < rates->count && !quote->usd_rate.set; i++) {
        const struct currency_rates *currency = &rates->currencies[i];
        const struct told_rate *rate =
            str_is(quote->currency, currency->code) ? middle_rate(currency, quote->fetched_at_us) : NULL;
        if (rate != NULL) {
            quote->usd_rate = SOME_DOUBLE(rate->usd);
            quote->usd_rate_source = SOME_STR(str_from(rate->source));
            quote->usd_rate_at_us = SOME_LONG(rate->at_us);
        }
    }
}

void rates_settle(struct rates *rates, struct quote *quotes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        learn(rates, &quotes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        apply(rates, &quotes[i]);
    }
}
