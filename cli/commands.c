#include "cli/command.h"

extern const struct command command_topics;

const struct command *const commands[] = {
    &command_topics,
    NULL,
};
