#include "tests/sim/faults.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/yaml.h"
#include "tests/sim/fault_kinds.h"

#define FOREVER "1000000000"
#define KINDS_MAX 32

struct sim_fault {
    const char *name;
    struct fault_settings settings;
    const struct fault_kind *kind;
    int64_t base_us; /* its times count from here */
    uint64_t matched;
    uint64_t injected;
    bool stopped;
};

static const struct yaml_field fields[] = {
    YAML_TEXT(struct fault_settings, provider, ""),
    YAML_TEXT(struct fault_settings, endpoint, ""),
    YAML_TEXT(struct fault_settings, asset, ""),
    YAML_TEXT(struct fault_settings, symbol, ""),
    YAML_TEXT(struct fault_settings, kind, NULL),
    YAML_DOUBLE(struct fault_settings, from_s, "0", 0, 1e9),
    YAML_DOUBLE(struct fault_settings, until_s, FOREVER, 0, 1e9),
    YAML_INT(struct fault_settings, every_n, "0", 0, 1000000000),
    YAML_DOUBLE(struct fault_settings, probability, "1", 0, 1),
    YAML_DOUBLE(struct fault_settings, percent, "25", -99, 100000),
    YAML_INT(struct fault_settings, age_s, "3600", 1, 315360000),
    YAML_INT(struct fault_settings, status, "503", 500, 599),
    YAML_INT(struct fault_settings, retry_after, "-1", -1, 86400),
    YAML_DOUBLE(struct fault_settings, seconds, "0", 0, 60),
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/** A row on its way from the file. */
struct reading {
    const struct yaml_file *file;
    const struct yaml_node *row;
    const char *path;
    struct error *error;
};

/** An error at a field. Returns false. */
#define FAIL(reading, field, ...)                                                                                                \
    yaml_field_error((reading)->file, (reading)->row, (reading)->path, field, (reading)->error, __VA_ARGS__)

/** Finds the kind; an unknown one names the nearest. */
static bool check_kind(const struct reading *reading, struct sim_fault *fault)
{
    const char *known[KINDS_MAX];
    size_t count = 0;
    fault->kind = fault_kind_find(fault->settings.kind);
    if (fault->kind)
        return true;
    for (const struct fault_kind *kind = fault_kinds; kind->name && count < KINDS_MAX; kind++)
        known[count++] = kind->name;
    const char *nearest = nearest_word(fault->settings.kind, known, count);
    if (nearest)
        return FAIL(reading, "kind", "there is no '%.40s'; did you mean %s?", fault->settings.kind, nearest);
    struct buf all = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", known[i]);
    FAIL(reading, "kind", "there is no '%.40s'; known are %.*s", fault->settings.kind, STR_ARG(buf_str(&all)));
    buf_clear(&all);
    return false;
}

/** Provider and endpoint must exist, or the fault would silently never hit. */
static bool check_target(const struct reading *reading, const struct sim_fault *fault)
{
    const struct fault_settings *settings = &fault->settings;
    const struct sim_provider *provider = sim_provider_find(settings->provider);
    if (*settings->provider && !provider)
        return FAIL(reading, "provider", "there is no '%.40s'", settings->provider);
    if (fault->kind->provider && strcmp(fault->kind->provider, settings->provider) != 0)
        return FAIL(reading, "provider", "%s goes with %s only", fault->kind->name, fault->kind->provider);
    if (*settings->endpoint && !provider)
        return FAIL(reading, "endpoint", "needs a provider");
    if (*settings->endpoint && !sim_endpoint_named(provider, settings->endpoint))
        return FAIL(reading, "endpoint", "%s has no '%.40s'", provider->name, settings->endpoint);
    return true;
}

/** The asset must exist, by its id or by the symbol of the provider (which was checked). */
static bool check_asset(const struct reading *reading, const struct fault_settings *settings)
{
    const struct sim_provider *provider = sim_provider_find(settings->provider);
    if (*settings->asset && *settings->symbol)
        return FAIL(reading, "symbol", "goes without asset");
    if (*settings->asset && !sim_asset_by_id(settings->asset))
        return FAIL(reading, "asset", "the simulator has no '%.40s'", settings->asset);
    if (*settings->symbol && !provider)
        return FAIL(reading, "symbol", "needs a provider");
    if (*settings->symbol && !sim_asset_by_symbol(provider->source, settings->symbol))
        return FAIL(reading, "symbol", "%s has no '%.40s'", provider->name, settings->symbol);
    return true;
}

/** Times and chances. */
static bool check_times(const struct reading *reading, const struct fault_settings *settings)
{
    if (settings->until_s <= settings->from_s)
        return FAIL(reading, "until_s", "must be later than from_s");
    if (settings->every_n && settings->probability < 1)
        return FAIL(reading, "probability", "goes without every_n");
    return true;
}

/** Copies the texts of a row that was found good. */
static void keep_texts(struct fault_settings *settings, struct arena *memory)
{
    char **const texts[] = {&settings->provider, &settings->endpoint, &settings->asset, &settings->symbol, &settings->kind};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = arena_strdup(memory, str_from(*texts[i]));
}

/** Adds one row under a name; `children` are keys that are read elsewhere. */
static bool add_fault(struct sim_faults *faults, const struct yaml_file *file, const struct yaml_node *row, const char *name,
                      const char *const *children, int64_t base_us, struct error *error)
{
    struct arena scratch = {0};
    char path[YAML_PATH_MAX];
    snprintf(path, sizeof(path), "faults.%.200s", name);
    const struct reading reading = {file, row, path, error};
    if (faults->count == SIM_FAULTS_MAX)
        return error_set(error, ERROR_LIMIT, "there are %d faults already; start the simulator anew", SIM_FAULTS_MAX);
    if (!faults->items)
        faults->items = xcalloc(SIM_FAULTS_MAX, sizeof(*faults->items));
    struct sim_fault *fault = &faults->items[faults->count];
    *fault = (struct sim_fault){.base_us = base_us};
    const bool good = yaml_bind(file, row, path, fields, FIELD_COUNT, children, &fault->settings, &scratch, error) &&
                      check_kind(&reading, fault) && check_target(&reading, fault) && check_asset(&reading, &fault->settings) &&
                      check_times(&reading, &fault->settings);
    if (good) {
        keep_texts(&fault->settings, &faults->memory);
        fault->name = arena_strdup(&faults->memory, str_from(name));
        faults->count++;
    }
    arena_clear(&scratch);
    return good;
}

bool faults_load(struct sim_faults *faults, const char *path, int64_t start_us, struct error *error)
{
    static const char *const children[] = {"faults", NULL};
    struct yaml_file *file = yaml_open(path, NULL, NULL, error);
    if (!file)
        return false;
    const struct yaml_node *rows = yaml_get(file, yaml_root(file), "faults");
    bool good =
        yaml_check_keys(file, yaml_root(file), "", NULL, 0, children, error) && yaml_is_mapping(file, rows, "faults", error);
    for (size_t i = 0; good && i < yaml_count(rows); i++) {
        const char *name;
        const struct yaml_node *row = yaml_entry(file, rows, i, &name);
        good = add_fault(faults, file, row, name, NULL, start_us, error);
    }
    yaml_close(file);
    return good;
}

bool faults_post(struct sim_faults *faults, struct str body, int64_t now_us, struct error *error)
{
    static const char *const children[] = {"name", NULL};
    char own_name[32];
    /* A JSON object is a flow mapping of YAML: one reader, and one set of checks, for both. */
    struct yaml_file *file = yaml_open_text("body", body, NULL, NULL, error);
    if (!file)
        return false;
    const struct yaml_node *given = yaml_get(file, yaml_root(file), "name");
    snprintf(own_name, sizeof(own_name), "posted-%zu", faults->count + 1);
    const char *name = given ? yaml_text(file, given, "name", error) : own_name;
    const bool good = name && add_fault(faults, file, yaml_root(file), name, children, now_us, error);
    yaml_close(file);
    return good;
}

size_t faults_stop(struct sim_faults *faults, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < faults->count; i++) {
        struct sim_fault *fault = &faults->items[i];
        if (!fault->stopped && (!name || strcmp(fault->name, name) == 0)) {
            fault->stopped = true;
            count++;
        }
    }
    return count;
}

void faults_clear(struct sim_faults *faults)
{
    free(faults->items);
    free(faults->labels);
    arena_clear(&faults->memory);
    *faults = (struct sim_faults){0};
}

/** When the fault begins, epoch microseconds. */
static int64_t began_us(const struct sim_fault *fault)
{
    return fault->base_us + (int64_t)(fault->settings.from_s * (double)US_PER_S);
}

/** Whether the fault is on at that time. */
static bool is_on(const struct sim_fault *fault, int64_t now_us)
{
    const double elapsed_s = (double)(now_us - fault->base_us) / (double)US_PER_S;
    return !fault->stopped && elapsed_s >= fault->settings.from_s && elapsed_s < fault->settings.until_s;
}

/** Whether the fault is about that asset of the call. */
static bool is_about(const struct sim_fault *fault, const struct sim_call *call, const struct sim_asset *asset)
{
    const char *symbol = asset->symbols[call->provider->source];
    if (*fault->settings.asset)
        return strcmp(fault->settings.asset, asset->id) == 0;
    return !*fault->settings.symbol || (symbol && strcasecmp(fault->settings.symbol, symbol) == 0);
}

/** Whether the fault is about that provider and endpoint, and on. */
static bool is_here(const struct sim_fault *fault, const struct sim_call *call)
{
    const struct fault_settings *settings = &fault->settings;
    return is_on(fault, call->now_us) && (!*settings->provider || strcmp(settings->provider, call->provider->name) == 0) &&
           (!*settings->endpoint || strcmp(settings->endpoint, call->endpoint->name) == 0);
}

/** Whether the fault is about the call: `asset`, or any of its assets when that is NULL. */
static bool matches(const struct sim_fault *fault, const struct sim_call *call, const struct sim_asset *asset)
{
    if (!is_here(fault, call))
        return false;
    if (asset)
        return is_about(fault, call, asset);
    bool found = !*fault->settings.asset && !*fault->settings.symbol;
    for (size_t i = 0; i < call->asset_count && !found; i++)
        found = is_about(fault, call, call->assets[i]);
    return found;
}

/** Counts a match and says whether this one is hit. */
static bool fires(struct sim_fault *fault, uint64_t seed)
{
    const uint64_t turn = ++fault->matched;
    if (fault->settings.every_n)
        return turn % (uint64_t)fault->settings.every_n == 0;
    return fault->settings.probability >= 1 ||
           sim_fraction(sim_hash(sim_hash_text(seed, fault->name), turn)) < fault->settings.probability;
}

/** Notes that the fault hit. */
static void put_label(struct sim_faults *faults, struct sim_fault *fault, const struct sim_call *call,
                      const struct sim_asset *asset)
{
    if (!faults->labels)
        faults->labels = xcalloc(SIM_LABELS_MAX, sizeof(*faults->labels));
    fault->injected++;
    faults->labels[faults->label_count++ % SIM_LABELS_MAX] = (struct fault_label){
        .at_us = call->now_us,
        .fault = fault->name,
        .kind = fault->kind->name,
        .provider = call->provider->name,
        .endpoint = call->endpoint->name,
        .asset = asset ? asset->id : NULL,
    };
}

struct observation_effect faults_on_quote(struct sim_faults *faults, const struct sim_call *call, const struct sim_asset *asset)
{
    struct observation_effect effect = market_no_effect;
    for (size_t i = 0; i < faults->count; i++) {
        struct sim_fault *fault = &faults->items[i];
        if (!fault->kind->on_quote || !matches(fault, call, asset) || !fires(fault, faults->seed))
            continue;
        fault->kind->on_quote(&fault->settings, began_us(fault) / US_PER_S, &effect);
        put_label(faults, fault, call, asset);
    }
    return effect;
}

const struct sim_fault *faults_on_answer(struct sim_faults *faults, const struct sim_call *call)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct sim_fault *fault = &faults->items[i];
        if (fault->kind->on_answer && matches(fault, call, NULL) && fires(fault, faults->seed)) {
            put_label(faults, fault, call, NULL);
            return fault;
        }
    }
    return NULL;
}

bool fault_replaces(const struct sim_fault *fault)
{
    return fault->kind->replaces;
}

void fault_apply(const struct sim_fault *fault, const struct sim_provider *provider, struct sim_answer *answer)
{
    fault->kind->on_answer(&fault->settings, provider, answer);
}

/** An empty text becomes null. */
static void out_optional(struct json_out *out, const char *key, const char *text)
{
    out_text(out, key, text && *text ? text : NULL);
}

/** One fault that is on. */
static void write_fault(struct json_out *out, const struct sim_fault *fault)
{
    out_begin(out, NULL, '{');
    out_text(out, "name", fault->name);
    out_text(out, "kind", fault->kind->name);
    out_optional(out, "provider", fault->settings.provider);
    out_optional(out, "endpoint", fault->settings.endpoint);
    out_optional(out, "asset", fault->settings.asset);
    out_optional(out, "symbol", fault->settings.symbol);
    out_int(out, "matched", (int64_t)fault->matched);
    out_int(out, "injected", (int64_t)fault->injected);
    out_end(out, '}');
}

/** One label. */
static void write_label(struct json_out *out, const struct fault_label *label)
{
    char time[TIME_TEXT_MAX];
    out_begin(out, NULL, '{');
    out_text(out, "time", time_format_us(label->at_us, time));
    out_text(out, "fault", label->fault);
    out_text(out, "kind", label->kind);
    out_text(out, "provider", label->provider);
    out_text(out, "endpoint", label->endpoint);
    out_text(out, "asset", label->asset);
    out_end(out, '}');
}

void faults_write(const struct sim_faults *faults, int64_t now_us, struct buf *body)
{
    struct json_out out = {.buf = body};
    const uint64_t kept = faults->label_count < SIM_LABELS_MAX ? faults->label_count : SIM_LABELS_MAX;
    out_begin(&out, NULL, '{');
    out_begin(&out, "active", '[');
    for (size_t i = 0; i < faults->count; i++) {
        if (is_on(&faults->items[i], now_us))
            write_fault(&out, &faults->items[i]);
    }
    out_end(&out, ']');
    out_int(&out, "injected_total", (int64_t)faults->label_count);
    out_begin(&out, "injected", '[');
    for (uint64_t i = faults->label_count - kept; i < faults->label_count; i++)
        write_label(&out, &faults->labels[i % SIM_LABELS_MAX]);
    out_end(&out, ']');
    out_end(&out, '}');
}
