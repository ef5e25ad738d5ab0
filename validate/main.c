/*
 * quotebus-validate: judges the quotes of quotes.raw.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/service.h"
#include "base/startup.h"
#include "bus/session.h"
#include "validate/validator.h"

static const struct startup_spec spec = {
    .stage = "validate",
    .summary = "Cross-checks the quotes of quotes.raw: verdicts, anomalies and consensus prices, exactly once.",
    .examples =
        "  quotebus-validate --config config/quotebus.yaml\n"
        "  quotebus-validate --set validate.instance=2 --set validate.listen=127.0.0.1:0   # a second one shares the work\n"
        "  quotebus-validate --set validate.output_prefix=shadow.                          # judges all again, beside the live "
        "one\n"
        "  kill -HUP PID                                             # reads the rule file again\n",
};

/** Says on stderr what went wrong. Returns the exit status. */
static int fail(const struct error *error)
{
    fprintf(stderr, "quotebus-validate: %s\n", error->message);
    return error_exit_status(error->code);
}

int main(int argc, char **argv)
{
    int status = 1;
    struct error error = {0};
    struct config *config = startup(&spec, argc, argv, &status);
    if (!config)
        return status;
    struct validator *validator = validator_new(config, &error);
    if (!validator || !service_start(spec.stage, &config->validate.http, &error)) {
        status = fail(&error);
    } else {
        status = session_run(spec.stage, validator_session, validator);
        service_stop();
    }
    validator_free(validator);
    config_free(config);
    return status;
}
