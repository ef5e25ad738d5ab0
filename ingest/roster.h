/*
 * The assets that one provider has a symbol for, and what the provider said about each.
 *
 * An asset becomes inactive when the provider itself says that it was delisted; it is then left out of all calls to this
 * provider until the process starts anew. An asset that was missing from a batch is asked about by itself, at most once in
 * ROSTER_ASK_AGAIN_MS as long as the provider answers.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_ROSTER_H
#define QUOTEBUS_INGEST_ROSTER_H

#include "base/config.h"
#include "ingest/provider.h"

/** How long an answer about a missing asset holds. */
#define ROSTER_ASK_AGAIN_MS INT64_C(3600000)

struct roster_entry {
    struct request_asset asset; /**< borrowed from the configuration */
    bool inactive;              /**< delisted at this provider */
    bool asking;                /**< a question about it is queued or under way */
    bool answered;              /**< answered_ms is set */
    int64_t answered_ms;        /**< when the last question was answered, monotonic */
};

struct roster {
    struct roster_entry *entries; /**< by asset id */
    size_t count;
    size_t inactive_count;
};

/** All assets of the configuration with a symbol at `provider`; roster_clear frees. */
void roster_init(struct roster *roster, const struct config *config, const char *provider);
void roster_clear(struct roster *roster);
/** The entry of an asset id, or NULL. */
struct roster_entry *roster_find(const struct roster *roster, const char *asset);
/** Whether to ask about a missing asset now. */
bool roster_should_ask(const struct roster_entry *entry, int64_t now_ms);
/** Marks an asset inactive; true when it was active before. */
bool roster_retire(struct roster *roster, struct roster_entry *entry);

#endif
