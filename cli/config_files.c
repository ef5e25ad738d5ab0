#include "cli/config_files.h"

#include "bus/topics.h"
#include "ingest/planner.h"
#include "validate/settings.h"

bool config_files_check(const struct config *config, struct error *error)
{
    struct topic_table *topics = topic_table_load(config->kafka.topics_file, error);
    struct rule_settings *rules = topics ? rule_settings_load(config->validate.rules_file, error) : NULL;
    struct planner *planner = rules ? planner_new(config, 1, error) : NULL;
    const bool ok = planner != NULL;
    planner_free(planner);
    rule_settings_free(rules);
    topic_table_free(topics);
    return ok;
}
