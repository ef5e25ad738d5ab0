#include "tests/sim/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

const char sim_help[] =
    "examples:\n"
    "  quotebus-sim --listen 127.0.0.1:9700 --seed 1\n"
    "  quotebus-sim --listen 127.0.0.1:9700 --seed 1 --faults compose/demo-faults.yaml\n"
    "  quotebus-sim --listen 127.0.0.1:9700 --recordings ../shared/fixtures/providers\n"
    "  quotebus-sim --listen 127.0.0.1:0 --clock fixed:2026-01-02T15:00:00Z --start-time 2026-01-02T14:59:00Z\n"
    "  curl 'http://127.0.0.1:9700/yahoo/v7/finance/spark?symbols=AAPL,BTC-USD'\n"
    "  curl http://127.0.0.1:9700/sim/calls\n"
    "\n"
    "Plays the data providers on a loopback address: /yahoo, /coingecko and /alphavantage with their real paths behind. The same "
    "seed\n"
    "and the same requests at the same times give the same answers.\n"
    "\n"
    "  --listen ADDRESS:PORT  where to listen, loopback only; port 0 takes a free one, which is logged (default "
    "127.0.0.1:9700)\n"
    "  --seed N               of prices, noise and faults (default 1)\n"
    "  --faults FILE          YAML with faults to inject; see docs/simulator.md\n"
    "  --recordings DIR       answer with the recorded bodies that DIR/index.tsv names\n"
    "  --start-time TIME      when every asset had its starting price (default: now, or the fixed clock)\n"
    "  --clock fixed:TIME     every request comes at that time, e.g. fixed:2026-01-02T15:00:00Z\n"
    "  --validators           answers have an ETag, and who sends it back is told 304 Not Modified\n"
    "  --help, --version\n";

enum option_id {
    OPT_LISTEN = 1,
    OPT_SEED,
    OPT_FAULTS,
    OPT_RECORDINGS,
    OPT_START,
    OPT_CLOCK,
    OPT_VALIDATORS,
    OPT_HELP,
    OPT_VERSION
};

static const struct option known[] = {
    {"listen", required_argument, NULL, OPT_LISTEN},    {"seed", required_argument, NULL, OPT_SEED},
    {"faults", required_argument, NULL, OPT_FAULTS},    {"recordings", required_argument, NULL, OPT_RECORDINGS},
    {"start-time", required_argument, NULL, OPT_START}, {"clock", required_argument, NULL, OPT_CLOCK},
    {"validators", no_argument, NULL, OPT_VALIDATORS},  {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},        {NULL, 0, NULL, 0},
};

/** A whole number from 0. */
static bool parse_seed(const char *text, uint64_t *seed, struct error *error)
{
    errno = 0;
    *seed = strtoull(text, NULL, 10);
    if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || errno)
        return error_set(error, ERROR_USAGE, "--seed '%.40s' is not a whole number", text);
    return true;
}

/** `fixed:TIME` */
static bool parse_clock(const char *text, int64_t now_us, int64_t *clock_us, struct error *error)
{
    if (strncmp(text, "fixed:", strlen("fixed:")) != 0)
        return error_set(error, ERROR_USAGE, "--clock '%.60s': write fixed:TIME, e.g. fixed:2026-01-02T15:00:00Z", text);
    return time_parse_us(text + strlen("fixed:"), now_us, clock_us, error) || error_prefix(error, "--clock");
}

/** Takes one option. */
static bool take(int id, int64_t now_us, struct sim_options *options, struct error *error)
{
    switch (id) {
    case OPT_LISTEN:
        options->listen = optarg;
        return true;
    case OPT_SEED:
        return parse_seed(optarg, &options->seed, error);
    case OPT_FAULTS:
        options->faults = optarg;
        return true;
    case OPT_RECORDINGS:
        options->recordings = optarg;
        return true;
    case OPT_START:
        return time_parse_us(optarg, now_us, &options->start_us, error) || error_prefix(error, "--start-time");
    case OPT_CLOCK:
        return parse_clock(optarg, now_us, &options->fixed_clock_us, error);
    case OPT_VALIDATORS:
        options->validators = true;
        return true;
    case OPT_HELP:
        options->help = true;
        return true;
    case OPT_VERSION:
        options->version = true;
        return true;
    default:
        return error_set(error, ERROR_USAGE, "the option before argument %d is not known or lacks its value; see --help", optind);
    }
}

bool sim_options_parse(int argc, char *const *argv, int64_t now_us, struct sim_options *options, struct error *error)
{
    int id;
    *options = (struct sim_options){.listen = "127.0.0.1:9700", .seed = 1};
    optind = 0; /* starts anew, also in tests that parse several command lines */
    opterr = 0;
    while ((id = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (!take(id, now_us, options, error))
            return false;
    }
    if (optind < argc)
        return error_set(error, ERROR_USAGE, "'%.60s' is not expected; see --help", argv[optind]);
    return true;
}
