/*
 * What was looked at, how it is, and what to do about it: the result of `quotebus doctor`.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_CHECKUP_H
#define QUOTEBUS_CLI_CHECKUP_H

#include <librdkafka/rdkafka.h>

#include "base/config.h"
#include "cli/grid.h"

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_FAILED };

struct checkup {
    struct grid grid; /**< columns check, state, finding, advice */
    size_t warnings;
    size_t failures;
};

void checkup_init(struct checkup *checkup);
void checkup_clear(struct checkup *checkup);
/** Adds a row; texts are copied. `advice` says what to do, NULL: nothing. */
void checkup_add(struct checkup *checkup, const char *check, enum check_state state, const char *advice, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/** The configuration and the files it names. */
void checkup_config(struct checkup *checkup, const struct config *config);
/** Broker, topics, registry and schemas; bounded to some seconds each. */
void checkup_bus(struct checkup *checkup, const struct config *config);
/** Database: reachable, its schema version, its clock against that of this machine, room for tomorrow's rows. */
void checkup_database(struct checkup *checkup, const struct config *config);
/** Free space of the file systems that this machine's working folder and temporary folder lie on. */
void checkup_disk(struct checkup *checkup);
/** Whether each enabled provider can be connected to, by name, TCP and TLS; no request is made, so no quota is used. */
void checkup_providers(struct checkup *checkup, const struct config *config);
/** Whether the stages run and say that they are ready. */
void checkup_stages(struct checkup *checkup, const struct config *config);

/** What a difference between two clocks means. Pure. */
enum check_state clock_difference_state(double seconds);
/** What free space means: `free_bytes` of `total_bytes`. Pure. */
enum check_state disk_state(double free_bytes, double total_bytes);
/** A hint about settings that this librdkafka cannot serve, or NULL. `version` as rd_kafka_version() gives it. Pure. */
const char *client_version_hint(int version, const struct string_list *properties);

#endif
