/*
 * The assets that one provider has a symbol for, and what the provider said about each.
 *
 * An asset becomes inactive when the provider itself says that it was delisted; it is then left out of all calls to this provider
 * until its symbol in the configuration changes. A symbol that the provider does not know is left out for ROSTER_UNKNOWN_US. An
 * asset that was missing from a batch is asked about by itself, at most once in ROSTER_ASK_AGAIN_MS as long as the provider
 * answers.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_ROSTER_H
#define QUOTEBUS_INGEST_ROSTER_H

#include "base/config.h"
#include "ingest/hours.h"
#include "ingest/lane_state.h"
#include "ingest/provider.h"

/** How long an answer about a missing asset holds. */
#define ROSTER_ASK_AGAIN_MS INT64_C(3600000)
/** How long a symbol is left out that the provider does not know. */
#define ROSTER_UNKNOWN_US (INT64_C(86400) * 1000000)

struct roster_entry {
    struct request_asset asset; /**< borrowed from the configuration */
    const struct asset_settings *settings;
    enum market market;
    bool inactive;            /**< delisted at this provider */
    int64_t unknown_until_us; /**< wall clock; 0: the symbol is known, or was not asked about */
    bool asking;              /**< a question about it is queued or under way */
    bool answered;            /**< answered_ms is set */
    int64_t answered_ms;      /**< when the last question was answered, monotonic */
    bool picked;              /**< scratch of whoever collects assets */
};

/** Which part of a provider's assets a lane has. */
struct roster_shard {
    int64_t number; /**< from 0 */
    int64_t count;  /**< 1: all assets */
};

struct roster {
    struct roster_entry *entries; /**< by asset id */
    size_t count;
    size_t inactive_count;
};

/** The assets of the configuration with a symbol at `provider` whose id falls to that shard; roster_clear frees. */
void roster_init(struct roster *roster, const struct config *config, const char *provider, const struct roster_shard *shard);
void roster_clear(struct roster *roster);
/** The entry of an asset id, or NULL. */
struct roster_entry *roster_find(const struct roster *roster, const char *asset);
/** Whether calls may be about the asset. */
bool roster_callable(const struct roster_entry *entry, int64_t wall_us);
/** Whether to ask about a missing asset now. */
bool roster_should_ask(const struct roster_entry *entry, int64_t now_ms);
/** Marks an asset inactive; true when it was active before. */
bool roster_retire(struct roster *roster, struct roster_entry *entry);
/** Leaves a symbol out that the provider does not know; true when that is news. */
bool roster_unknown(struct roster_entry *entry, int64_t wall_us);
/** Assets that are left out since their symbol is not known. */
size_t roster_unknown_count(const struct roster *roster, int64_t wall_us);
/** Forgets all that the provider said. */
void roster_forget(struct roster *roster);

/** Fills the lists `unknown` and `inactive` of a state. */
void roster_export(const struct roster *roster, int64_t wall_us, struct lane_state *state);
/** Takes them over, where the symbol is still the same. */
void roster_import(struct roster *roster, const struct lane_state *state);
/** Takes over what `old` knows of symbols that are the same. */
void roster_move(struct roster *roster, const struct roster *old);

#endif
