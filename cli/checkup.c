#include "cli/checkup.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "bus/stage_probe.h"
#include "cli/config_files.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/** From there on quotes of one machine look early or late to another: a warning, and beyond what the rules forgive. */
#define CLOCK_WARNING_S 1.0
#define CLOCK_FAILED_S 5.0
/** Part of a file system that should be free. */
#define DISK_WARNING_PART 0.10
#define DISK_FAILED_PART 0.03
/** SASL/SCRAM of older librdkafka fails against Kafka 4.4. */
#define SCRAM_FIXED_VERSION 0x020601ff

static const struct column columns[] = {
    {"check", "CHECK", COLUMN_TEXT},
    {"state", "STATE", COLUMN_STATE},
    {"finding", "FINDING", COLUMN_TEXT},
    {"advice", "WHAT TO DO", COLUMN_TEXT},
};
static const char *const state_names[] = {[CHECK_OK] = "ok", [CHECK_WARNING] = "warning", [CHECK_FAILED] = "failed"};

void checkup_init(struct checkup *checkup)
{
    *checkup = (struct checkup){0};
    grid_init(&checkup->grid, columns, COUNT_OF(columns));
}

void checkup_clear(struct checkup *checkup)
{
    grid_clear(&checkup->grid);
}

void checkup_add(struct checkup *checkup, const char *check, enum check_state state, const char *advice, const char *fmt, ...)
{
    char finding[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(finding, sizeof(finding), fmt, args);
    va_end(args);
    checkup->warnings += state == CHECK_WARNING;
    checkup->failures += state == CHECK_FAILED;
    grid_text(&checkup->grid, check);
    grid_text(&checkup->grid, state_names[state]);
    grid_text(&checkup->grid, finding);
    grid_text(&checkup->grid, state == CHECK_OK ? NULL : advice);
}

void checkup_config(struct checkup *checkup, const struct config *config)
{
    struct error error = {0};
    if (config_files_check(config, &error))
        checkup_add(checkup, "configuration", CHECK_OK, NULL, "%s: %zu providers, %zu assets, %zu jobs", config->path,
                    config->provider_count, config->asset_count, config->job_count);
    else
        checkup_add(checkup, "configuration", CHECK_FAILED, "mend the field that is named; quotebus config check looks again",
                    "%s", error.message);
}

enum check_state clock_difference_state(double seconds)
{
    const double apart = fabs(seconds);
    return apart >= CLOCK_FAILED_S ? CHECK_FAILED : apart >= CLOCK_WARNING_S ? CHECK_WARNING : CHECK_OK;
}

enum check_state disk_state(double free_bytes, double total_bytes)
{
    const double part = total_bytes > 0 ? free_bytes / total_bytes : 0;
    return part < DISK_FAILED_PART ? CHECK_FAILED : part < DISK_WARNING_PART ? CHECK_WARNING : CHECK_OK;
}

const char *client_version_hint(int version, const struct string_list *properties)
{
    for (size_t i = 0; i < properties->count; i++) {
        const char *text = properties->items[i];
        if (strncmp(text, "sasl.mechanism", strlen("sasl.mechanism")) == 0 && strstr(text, "SCRAM") &&
            version < SCRAM_FIXED_VERSION)
            return "SASL/SCRAM of this librdkafka fails against Kafka 4.4: use TLS client certificates, or librdkafka 2.6.1 or "
                   "later";
    }
    return NULL;
}

/** Free space of one file system. */
static void check_disk(struct checkup *checkup, const char *path)
{
    struct statvfs fs;
    char free_text[HUMAN_MAX], total_text[HUMAN_MAX];
    if (statvfs(path, &fs) != 0) {
        checkup_add(checkup, "disk", CHECK_WARNING, "look at it by hand: df -h", "%s cannot be looked at", path);
        return;
    }
    const double total = (double)fs.f_blocks * (double)fs.f_frsize;
    const double available = (double)fs.f_bavail * (double)fs.f_frsize;
    checkup_add(checkup, "disk", disk_state(available, total),
                "make room before Kafka or PostgreSQL runs out: shorten retention, or move their folders", "%s has %s of %s free",
                path, human_bytes(available, free_text), human_bytes(total, total_text));
}

void checkup_disk(struct checkup *checkup)
{
    struct statvfs here, temporary;
    check_disk(checkup, ".");
    if (statvfs(".", &here) == 0 && statvfs("/tmp", &temporary) == 0 && here.f_fsid != temporary.f_fsid)
        check_disk(checkup, "/tmp");
}

void checkup_stages(struct checkup *checkup, const struct config *config)
{
    struct stage_report reports[STAGE_COUNT];
    stage_probe_all(config, reports);
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        const struct stage_report *report = &reports[i];
        if (strcmp(report->state, "ready") == 0)
            checkup_add(checkup, report->name, CHECK_OK, NULL, "ready");
        else if (strcmp(report->state, "not ready") == 0)
            checkup_add(checkup, report->name, CHECK_WARNING, "it goes on by itself once that is mended; see the rows above",
                        "%s", report->reason);
        else if (strcmp(report->state, "down") == 0)
            checkup_add(checkup, report->name, CHECK_FAILED, "start it, or look at its log for why it ended", "%s",
                        report->reason);
        else
            checkup_add(checkup, report->name, CHECK_WARNING, "give it a listen address, so that it can be asked",
                        "it has no endpoint");
    }
    stage_reports_clear(reports);
}
