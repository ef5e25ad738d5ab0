/*
 * The parts of the configuration's reader. Private to config*.c.
 *
 * A reader walks the parsed file once: sections (config_sections.c), then providers, assets and jobs (config_catalog.c).
 * Every scalar goes through config_override (config_overrides.c). Texts are judged by config_check.c.
 */
#ifndef QUOTEBUS_BASE_CONFIG_PARTS_H
#define QUOTEBUS_BASE_CONFIG_PARTS_H

#include "base/config.h"
#include "base/yaml.h"

/** One pass over one file. Borrows all. */
struct config_reader {
    const struct yaml_file *file;
    struct config *config;
    struct error *error;
};

/** Binds and checks the sections of plain fields. */
bool config_read_sections(const struct config_reader *reader) MUST_CHECK;
/** Binds and checks providers, assets and jobs, in that order, since each names the ones before. */
bool config_read_catalog(const struct config_reader *reader) MUST_CHECK;

/** --set and the environment. Zero-initialise with the settings given; config_overrides_clear frees the rest. */
struct config_overrides {
    const char *const *settings; /**< `path=value` */
    size_t setting_count;
    bool *used;         /**< per setting: its path was asked for */
    struct buf known;   /**< every path asked for, each with its NUL; only kept when there are settings */
    size_t known_count; /**< paths in `known` */
    struct arena memory;
};

/** Checks the shape of the settings. Call it before the first config_override. */
bool config_overrides_begin(struct config_overrides *overrides, struct error *error) MUST_CHECK;
/** A yaml_override_fn with a struct config_overrides as `ctx`. */
const char *config_override(void *ctx, const char *path, const char **origin);
/** Refuses a setting whose path nothing asked for, naming the nearest path. Call it after the last config_override. */
bool config_overrides_end(const struct config_overrides *overrides, struct error *error) MUST_CHECK;
void config_overrides_clear(struct config_overrides *overrides);

/*
 * Judges of a text: what is wrong with it, as words that go behind the quoted text, or NULL when it is fine.
 */
typedef const char *(*config_judge_fn)(const char *text);
const char *config_judge_filled(const char *text);     /**< not empty */
const char *config_judge_prefix(const char *text);     /**< of topics; may be empty */
const char *config_judge_name(const char *text);       /**< of a group or instance */
const char *config_judge_key(const char *text);        /**< of a provider or job */
const char *config_judge_variable(const char *text);   /**< of the environment; may be empty */
const char *config_judge_asset(const char *text);      /**< class:CODE */
const char *config_judge_symbol(const char *text);     /**< of an asset at a provider */
const char *config_judge_calendar(const char *text);   /**< of an asset or a job; may be empty */
const char *config_judge_url(const char *text);        /**< http or https, no user, query or fragment */
const char *config_judge_public_url(const char *text); /**< the same; http only to loopback */
const char *config_judge_listen(const char *text);     /**< ADDRESS:PORT; may be empty */
const char *config_judge_header(const char *text);     /**< value of an HTTP header, not empty */
const char *config_judge_contact(const char *text);    /**< mail or URL; may be empty */
const char *config_judge_log_format(const char *text);
const char *config_judge_write_mode(const char *text); /**< of persist */
const char *config_judge_log_level(const char *text);

/** Fails at `path`.`field` of `mapping` when the judge has something against the text. */
bool config_check_field(const struct config_reader *reader, const struct yaml_node *mapping, const char *path, const char *field,
                        const char *text, config_judge_fn judge) MUST_CHECK;

#endif
