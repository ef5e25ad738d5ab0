/*
 * The topics that validate writes: their full names, the ids of their schemas, and one record onto each.
 *
 * Every record goes to the partition that has the number of its raw record's partition, not to that of its key's hash: so all
 * that came from one partition stays in its order, and state and input of a partition always move together, even when somebody
 * keyed a raw record otherwise.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_VALIDATE_OUTPUTS_H
#define QUOTEBUS_VALIDATE_OUTPUTS_H

#include "base/config.h"
#include "bus/producer.h"
#include "bus/registry.h"
#include "validate/engine.h"

enum output { OUTPUT_CLEAN, OUTPUT_ANOMALIES, OUTPUT_CONSENSUS, OUTPUT_LATEST, OUTPUT_STATE, OUTPUT_COUNT };

struct outputs {
    const char *topics[OUTPUT_COUNT]; /**< full names */
    int32_t schema_ids[OUTPUT_COUNT]; /**< once `resolved` */
    bool resolved;
    const char *dead_letters; /**< full name of the topic for what cannot be decoded */
    struct buf value;
};

/** Names the topics: `<topic_prefix><output_prefix><name>`. The names live as long as `config`. */
void outputs_init(struct outputs *outputs, const struct config *config);
void outputs_clear(struct outputs *outputs);
/** Asks the registry for the ids of the schemas, once. ERROR_UNREACHABLE or ERROR_NOT_FOUND: try again later. */
bool outputs_resolve(struct outputs *outputs, struct registry *registry, struct error *error) MUST_CHECK;

/** Sends a clean quote, its anomalies and its consensus. */
bool outputs_send(struct outputs *outputs, struct producer *producer, const struct judgement *judgement,
                  const struct raw_origin *origin, struct error *error) MUST_CHECK;
/** Sends the state of an asset to a partition. `arena` is used and not reset. */
bool outputs_send_state(struct outputs *outputs, struct producer *producer, const struct asset_memory *asset, int32_t partition,
                        struct str rules_version, struct arena *arena, struct error *error) MUST_CHECK;

#endif
