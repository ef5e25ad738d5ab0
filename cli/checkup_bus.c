#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/checkup.h"
#include "cli/db.h"
#include "cli/kafka_admin.h"
#include "cli/subjects.h"
#include "cli/topic_plan.h"
#include "persist/migrate.h"

/** Longest wait for an answer of Kafka. */
#define WAIT_MS 5000

/** What is wrong among several of a kind. */
struct tally {
    size_t count;
    size_t wrong;
    char first[200]; /* name of the first one that is wrong, and how */
};

/** Counts a finding. */
static void tally_add(struct tally *tally, const struct finding *finding)
{
    tally->count++;
    if (finding_is_fine(finding))
        return;
    if (tally->wrong++ == 0)
        snprintf(tally->first, sizeof(tally->first), "%s %s", finding->name, finding->result);
}

/** Adds the row of a kind. */
static void tally_show(struct checkup *checkup, const char *check, const struct tally *tally)
{
    if (tally->wrong)
        checkup_add(checkup, check, CHECK_FAILED, "quotebus topics apply makes what is missing; topics diff shows what differs",
                    "%zu of %zu are not as the table of topics says, e.g. %s", tally->wrong, tally->count, tally->first);
    else
        checkup_add(checkup, check, CHECK_OK, NULL, "%zu as the table of topics says", tally->count);
}

/** Compares all topics; false when the broker does not answer. */
static bool check_topics(struct checkup *checkup, const struct config *config, const struct topic_table *table,
                         struct kafka_admin *admin, struct arena *memory, struct error *error)
{
    struct tally tally = {0};
    struct topic_wish *wishes = arena_alloc(memory, (table->count + 1) * sizeof(*wishes));
    struct topic_state *states = arena_alloc(memory, (table->count + 1) * sizeof(*states));
    for (size_t i = 0; i < table->count; i++)
        wishes[i] = topic_wish_of(&table->topics[i], config->kafka.topic_prefix, memory);
    if (!kafka_admin_describe(admin, wishes, table->count, states, memory, error))
        return false;
    for (size_t i = 0; i < table->count; i++) {
        struct finding finding = {.kind = "topic", .name = wishes[i].name, .result = "missing", .schema_id = -1};
        if (states[i].exists)
            topic_compare(&wishes[i], &states[i], &finding, memory);
        tally_add(&tally, &finding);
    }
    checkup_add(checkup, "kafka", CHECK_OK, NULL, "%s answers", config->kafka.brokers);
    tally_show(checkup, "topics", &tally);
    return true;
}

/** Kafka and its topics. */
static void check_kafka(struct checkup *checkup, const struct config *config, const struct topic_table *table)
{
    struct error error = {0};
    struct arena memory = {0};
    struct kafka_admin *admin = kafka_admin_new(&config->kafka, WAIT_MS, &error);
    if (!admin || !check_topics(checkup, config, table, admin, &memory, &error))
        checkup_add(checkup, "kafka", CHECK_FAILED,
                    "start a broker or mend kafka.brokers; compose/up starts all of them; certificates: kafka.properties", "%s",
                    error.message);
    kafka_admin_free(admin);
    arena_clear(&memory);
    const char *hint = client_version_hint(rd_kafka_version(), &config->kafka.properties);
    checkup_add(checkup, "librdkafka", hint ? CHECK_WARNING : CHECK_OK, hint, "%s", rd_kafka_version_str());
}

/** Compares the schema of one topic; false when the registry does not answer. */
static bool check_subject(struct registry *registry, const struct config *config, const char *folder,
                          const struct topic_spec *spec, struct tally *tally, struct error *error)
{
    struct arena memory = {0};
    struct finding finding;
    char *schema = schema_load(folder, spec->schema, error);
    const char *subject = arena_printf(&memory, "%s%s-value", config->kafka.topic_prefix, spec->name);
    const bool ok = schema && subject_deploy(registry, subject, schema, false, &finding, &memory, error);
    if (ok)
        tally_add(tally, &finding);
    free(schema);
    arena_clear(&memory);
    return ok;
}

/** The registry and its schemas. */
static void check_registry(struct checkup *checkup, const struct config *config, const struct topic_table *table)
{
    struct error error = {0};
    struct tally tally = {0};
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", config->kafka.topics_file);
    const char *folder = dirname(copy);
    struct registry *registry = registry_new(&config->registry, &error);
    bool ok = registry != NULL;
    for (size_t i = 0; ok && i < table->count; i++) {
        if (strcmp(table->topics[i].schema, "none") != 0)
            ok = check_subject(registry, config, folder, &table->topics[i], &tally, &error);
    }
    if (ok)
        tally_show(checkup, "schemas", &tally);
    else
        checkup_add(checkup, "registry", CHECK_FAILED,
                    "start the registry or mend registry.url; stages keep the schemas they know", "%s", error.message);
    registry_free(registry);
}

void checkup_bus(struct checkup *checkup, const struct config *config)
{
    struct error error = {0};
    struct topic_table *table = topic_table_load(config->kafka.topics_file, &error);
    if (!table) {
        checkup_add(checkup, "topics", CHECK_FAILED, "mend the file that kafka.topics_file names", "%s", error.message);
        return;
    }
    check_kafka(checkup, config, table);
    check_registry(checkup, config, table);
    topic_table_free(table);
}

/** The version of the schema, and whether the partitions of the next rows are there. */
static void check_schema(struct checkup *checkup, struct cli_db *db)
{
    struct error error = {0};
    int64_t version = 0, ready = 0;
    if (!cli_db_number(db, "SELECT coalesce(max(version), 0) FROM quotebus.schema_migration", &version, &error) ||
        version < PERSIST_SCHEMA_VERSION) {
        checkup_add(checkup, "tables", CHECK_FAILED, "run quotebus-persist --migrate as the owner of the schema",
                    "schema version %lld, this program needs %d", (long long)version, PERSIST_SCHEMA_VERSION);
        return;
    }
    const char *tomorrow =
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'quotebus' "
        "AND c.relname = 'quote_' || to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYYMMDD')";
    if (cli_db_number(db, tomorrow, &ready, &error) && ready > 0)
        checkup_add(checkup, "tables", CHECK_OK, NULL, "schema version %lld, tomorrow's partition is there", (long long)version);
    else
        checkup_add(checkup, "tables", CHECK_WARNING, "persist makes it while it runs: is it running, and may it create tables?",
                    "schema version %lld; tomorrow's partition of quotes is not there yet", (long long)version);
}

void checkup_database(struct checkup *checkup, const struct config *config)
{
    struct error error = {0};
    int64_t server_us = 0;
    struct cli_db *db = cli_db_new(config->postgres.conninfo);
    const int64_t asked_us = clock_wall_us();
    if (!cli_db_number(db, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", &server_us, &error)) {
        checkup_add(checkup, "postgres", CHECK_FAILED,
                    "start the server, or mend postgres.conninfo; the password belongs into the file of PGPASSFILE", "%s",
                    error.message);
        cli_db_free(db);
        return;
    }
    const int64_t middle_us = asked_us + (clock_wall_us() - asked_us) / 2;
    const double apart_s = (double)(server_us - middle_us) / 1e6;
    checkup_add(checkup, "postgres", CHECK_OK, NULL, "answers");
    checkup_add(
        checkup, "clock", clock_difference_state(apart_s), "set both clocks by NTP: times of quotes and partitions hang on them",
        "the database's clock is %.3f s %s this one", apart_s < 0 ? -apart_s : apart_s, apart_s < 0 ? "behind" : "ahead of");
    check_schema(checkup, db);
    cli_db_free(db);
}
