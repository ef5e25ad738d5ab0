#include "cli/command.h"

extern const struct command command_assets;
extern const struct command command_backfill;
extern const struct command command_check;
extern const struct command command_completion;
extern const struct command command_config;
extern const struct command command_doctor;
extern const struct command command_export;
extern const struct command command_health;
extern const struct command command_import;
extern const struct command command_manual;
extern const struct command command_plan;
extern const struct command command_rebuild;
extern const struct command command_replay;
extern const struct command command_status;
extern const struct command command_summary;
extern const struct command command_tail;
extern const struct command command_topics;
extern const struct command command_trace;
extern const struct command command_validate;

const struct command *const commands[] = {
    &command_status,  &command_health,  &command_doctor,     &command_tail,     &command_topics,
    &command_summary, &command_check,   &command_assets,     &command_plan,     &command_validate,
    &command_replay,  &command_rebuild, &command_trace,      &command_backfill, &command_export,
    &command_import,  &command_config,  &command_completion, &command_manual,   NULL,
};
