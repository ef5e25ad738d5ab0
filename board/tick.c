#include "board/tick.h"

#include <stdlib.h>

#include "base/json_text.h"

/** Places of the table of assets: a power of two above TICK_ASSETS_MAX. */
#define PLACES 8192

/** The newest price of one asset, as JSON. */
struct fresh {
    struct buf asset;
    struct buf json;
};

struct tick {
    struct fresh fresh[TICK_ASSETS_MAX];
    size_t fresh_count;
    uint16_t places[PLACES]; /* 1 + index into fresh; 0: free */
    struct buf anomalies;
    size_t anomaly_count;
    size_t left_out;
};

struct tick *tick_new(void)
{
    return xcalloc(1, sizeof(struct tick));
}

void tick_free(struct tick *tick)
{
    if (!tick)
        return;
    for (size_t i = 0; i < TICK_ASSETS_MAX; i++) {
        buf_clear(&tick->fresh[i].asset);
        buf_clear(&tick->fresh[i].json);
    }
    buf_clear(&tick->anomalies);
    free(tick);
}

/** Where an asset is looked for first (FNV-1a). */
static size_t first_place(struct str asset)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < asset.len; i++)
        hash = (hash ^ (unsigned char)asset.ptr[i]) * 16777619U;
    return hash % PLACES;
}

/** The entry of an asset, made when it is new; NULL when all are taken. */
static struct fresh *find_fresh(struct tick *tick, struct str asset)
{
    size_t place = first_place(asset);
    while (tick->places[place]) {
        struct fresh *fresh = &tick->fresh[tick->places[place] - 1];
        if (str_equal(buf_str(&fresh->asset), asset))
            return fresh;
        place = (place + 1) % PLACES;
    }
    if (tick->fresh_count == TICK_ASSETS_MAX)
        return NULL;
    struct fresh *fresh = &tick->fresh[tick->fresh_count++];
    tick->places[place] = (uint16_t)tick->fresh_count;
    buf_reset(&fresh->asset);
    buf_append_str(&fresh->asset, asset);
    return fresh;
}

/** Appends `,"name":`. */
static void put_key(struct buf *out, const char *name)
{
    buf_printf(out, ",\"%s\":", name);
}

static void put_text(struct buf *out, const char *name, struct str text)
{
    put_key(out, name);
    json_put_string(out, text);
}

static void put_number(struct buf *out, const char *name, double number)
{
    put_key(out, name);
    json_put_double(out, number);
}

static void put_optional(struct buf *out, const char *name, struct opt_double number)
{
    put_key(out, name);
    if (number.set)
        json_put_double(out, number.value);
    else
        buf_append_str(out, STR("null"));
}

static void put_time(struct buf *out, const char *name, int64_t us)
{
    put_key(out, name);
    json_put_time(out, us);
}

/** Appends what each source said. */
static void put_sources(struct buf *out, const char *name, const struct source_price *sources, size_t count)
{
    put_key(out, name);
    buf_append_str(out, STR("["));
    for (size_t i = 0; i < count; i++) {
        buf_append_str(out, i ? STR(",{\"source\":") : STR("{\"source\":"));
        json_put_string(out, sources[i].source);
        put_number(out, "price", sources[i].price);
        put_time(out, "observed_at", sources[i].observed_at_us);
        put_number(out, "weight", sources[i].weight);
        buf_append_str(out, STR("}"));
    }
    buf_append_str(out, STR("]"));
}

bool tick_add_price(struct tick *tick, const struct consensus_price *price)
{
    struct fresh *fresh = find_fresh(tick, price->asset);
    if (!fresh)
        return false;
    struct buf *out = &fresh->json;
    buf_reset(out);
    buf_append_str(out, STR("{\"asset\":"));
    json_put_string(out, price->asset);
    put_text(out, "currency", price->currency);
    put_number(out, "price", price->price);
    put_number(out, "confidence", price->confidence);
    put_key(out, "source_count");
    buf_printf(out, "%d", price->source_count);
    put_time(out, "observed_at", price->observed_at_us);
    put_time(out, "as_of", price->as_of_us);
    put_sources(out, "sources", price->sources, price->sources_count);
    buf_append_str(out, STR("}"));
    return true;
}

void tick_add_anomaly(struct tick *tick, const struct anomaly *anomaly)
{
    static const char *const verdicts[] = {"PASS", "SUSPECT", "REJECT"};
    if (tick->anomaly_count == TICK_ANOMALIES_MAX) {
        tick->left_out++;
        return;
    }
    struct buf *out = &tick->anomalies;
    buf_append_str(out, tick->anomaly_count++ ? STR(",{\"asset\":") : STR("{\"asset\":"));
    json_put_string(out, anomaly->asset);
    put_text(out, "source", anomaly->source);
    put_text(out, "rule", anomaly->rule);
    put_text(out, "verdict", str_from(verdicts[anomaly->verdict]));
    put_text(out, "message", anomaly->message);
    put_optional(out, "measured", anomaly->measured);
    put_optional(out, "threshold", anomaly->threshold);
    put_text(out, "unit", anomaly->unit);
    put_text(out, "currency", anomaly->currency);
    put_number(out, "price", anomaly->price);
    put_optional(out, "reference_price", anomaly->reference_price);
    put_time(out, "observed_at", anomaly->observed_at_us);
    put_time(out, "fetched_at", anomaly->fetched_at_us);
    put_sources(out, "evidence", anomaly->evidence, anomaly->evidence_count);
    buf_append_str(out, STR("}"));
}

bool tick_take_prices(struct tick *tick, struct buf *out)
{
    if (tick->fresh_count == 0)
        return false;
    buf_append_str(out, STR("["));
    for (size_t i = 0; i < tick->fresh_count; i++) {
        if (i)
            buf_append_str(out, STR(","));
        buf_append_str(out, buf_str(&tick->fresh[i].json));
    }
    buf_append_str(out, STR("]"));
    tick->fresh_count = 0;
    for (size_t i = 0; i < PLACES; i++)
        tick->places[i] = 0;
    return true;
}

bool tick_take_anomalies(struct tick *tick, struct buf *out)
{
    if (tick->anomaly_count == 0)
        return false;
    buf_append_str(out, STR("{\"items\":["));
    buf_append_str(out, buf_str(&tick->anomalies));
    buf_printf(out, "],\"left_out\":%zu}", tick->left_out);
    buf_reset(&tick->anomalies);
    tick->anomaly_count = tick->left_out = 0;
    return true;
}
