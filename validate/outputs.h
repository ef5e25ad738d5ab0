/*
 * The topics that validate writes: their full names, the ids of their schemas, and the records that go there.
 *
 * Records are made here and handed to a sink: the stage's sink sends them within its transaction, `quotebus validate --verify`
 * compares them with what is on the topics.
 *
 * Every record goes to the partition that has the number of its raw record's partition, not to that of its key's hash: so all
 * that came from one partition stays in its order, and state and input of a partition always move together, even when somebody
 * keyed a raw record otherwise. Rule files go to the partition of their key.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_VALIDATE_OUTPUTS_H
#define QUOTEBUS_VALIDATE_OUTPUTS_H

#include "base/config.h"
#include "bus/registry.h"
#include "validate/engine.h"

enum output {
    OUTPUT_CLEAN,
    OUTPUT_ANOMALIES,
    OUTPUT_CONSENSUS,
    OUTPUT_LATEST,
    OUTPUT_REPORTS,
    OUTPUT_STATE,
    OUTPUT_RULES,
    OUTPUT_BARS,
    OUTPUT_BAR_ANOMALIES,
    OUTPUT_BAR_STATE,
    OUTPUT_FUNDAMENTALS,
    OUTPUT_INDICATORS,
    OUTPUT_RANKINGS,
    OUTPUT_COUNT
};

/** One record on its way out; all is borrowed for the call. */
struct output_record {
    enum output output;
    const char *topic; /**< full name */
    int32_t partition; /**< -1: that of the key */
    struct str key;
    struct str value; /**< with the header of the wire format */
    int64_t timestamp_ms;
};

/** Takes records. */
struct output_sink {
    bool (*put)(void *ctx, const struct output_record *record, struct error *error);
    void *ctx;
};

struct outputs {
    const char *topics[OUTPUT_COUNT]; /**< full names */
    int32_t schema_ids[OUTPUT_COUNT]; /**< once `resolved` */
    bool resolved;
    const char *dead_letters; /**< full name of the topic for what cannot be decoded */
    struct buf value;
};

/** The generated schema of an output. */
const char *output_schema_json(enum output output);
/** The full name of an output: `<topic_prefix><output_prefix><name>`, in the memory of `config`. */
const char *output_topic(const struct config *config, enum output output);

/** The full name of a topic that validate writes: `<topic_prefix><output_prefix><name>`, in the memory of `config`. */
const char *output_full_name(const struct config *config, const char *name);
/** Names the topics. The names live as long as `config`. */
void outputs_init(struct outputs *outputs, const struct config *config);
void outputs_clear(struct outputs *outputs);
/** Asks the registry for the ids of the schemas, once. ERROR_UNREACHABLE or ERROR_NOT_FOUND: try again later. */
bool outputs_resolve(struct outputs *outputs, struct registry *registry, struct error *error) MUST_CHECK;

/** Begins a record of an output: its value is appended to what this returns, and handed over by outputs_end. */
struct buf *outputs_begin(struct outputs *outputs, enum output output);
/** Hands over the value that was begun. `record` needs no topic and no value. */
bool outputs_end(const struct outputs *outputs, const struct output_sink *sink, struct output_record record,
                 struct error *error) MUST_CHECK;

/** A clean quote, its anomalies and its consensus, which its asset keeps for outputs_put_latest. */
bool outputs_put_judgement(struct outputs *outputs, const struct output_sink *sink, const struct judgement *judgement,
                           const struct raw_origin *origin, struct error *error) MUST_CHECK;
/** A report. */
bool outputs_put_report(struct outputs *outputs, const struct output_sink *sink, const struct report *report,
                        struct error *error) MUST_CHECK;
/**
 * The consensus of an asset that was put last, if any was since the last call. Readers of prices.latest see the end of a
 * transaction, so once per asset is enough.
 */
bool outputs_put_latest(struct outputs *outputs, const struct output_sink *sink, struct asset_memory *asset, int32_t partition,
                        struct error *error) MUST_CHECK;
/** The state of an asset. `arena` is used and not reset. */
bool outputs_put_state(struct outputs *outputs, const struct output_sink *sink, const struct asset_memory *asset,
                       int32_t partition, struct str rules_version, struct arena *arena, struct error *error) MUST_CHECK;
/** A rule file. */
bool outputs_put_rules(struct outputs *outputs, const struct output_sink *sink, const struct rule_file *file,
                       struct error *error) MUST_CHECK;

#endif
