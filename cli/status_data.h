/*
 * All that `quotebus status` shows, gathered once. What cannot be reached is said as such, and the rest is there.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_STATUS_DATA_H
#define QUOTEBUS_CLI_STATUS_DATA_H

#include "bus/registry.h"
#include "bus/topics.h"
#include "cli/db.h"
#include "cli/kafka_admin.h"

/** Clients, kept from one refresh to the next. */
struct status_source {
    const struct config *config;
    struct topic_table *topics;
    struct kafka_admin *admin;
    struct registry *registry;
    struct cli_db *db;
};

enum component { COMPONENT_KAFKA, COMPONENT_REGISTRY, COMPONENT_POSTGRES, COMPONENT_COUNT };
/** Name of a component. */
extern const char *const component_names[COMPONENT_COUNT];

struct status_data {
    int64_t at_us;
    struct error components[COMPONENT_COUNT]; /**< ERROR_NONE: it answers */
    struct grid stages;
    struct grid lag;
    struct grid providers;
    struct grid tables;
    struct grid letters;
    struct grid anomalies;
    struct grid prices;
};

/** Connects lazily. False when the table of topics or a setting is wrong. Cleared with status_source_close, also after a failure.
 */
bool status_source_open(struct status_source *source, const struct config *config, struct error *error) MUST_CHECK;
void status_source_close(struct status_source *source);

/** Gathers; bounded to some seconds. Cleared with status_data_clear. */
void status_data_gather(struct status_source *source, struct status_data *data);
void status_data_clear(struct status_data *data);
/** Empty grids with their columns. */
void status_data_init(struct status_data *data);

#endif
