#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "tests/sim/options.h"
#include "tests/sim/server.h"

#define STOP_TIMEOUT_MS 1500

/** Prepares the world: starting time, faults, recordings. */
static bool prepare(const struct sim_options *options, struct sim_world *world, struct error *error)
{
    const int64_t now_us = options->fixed_clock_us ? options->fixed_clock_us : clock_wall_us();
    const int64_t start_us = options->start_us ? options->start_us : now_us;
    world_init(world, options->seed, start_us);
    if (options->faults && !faults_load(&world->faults, options->faults, start_us, error))
        return false;
    if (options->recordings) {
        world->recordings = recordings_load(options->recordings, error);
        return world->recordings != NULL;
    }
    return true;
}

/** Answers until a signal asks for the end. */
static bool serve(const struct sim_options *options, struct sim_world *world, struct error *error)
{
    static char no_endpoints[] = "";
    const struct http_settings life = {.listen = no_endpoints, .stop_timeout_ms = STOP_TIMEOUT_MS};
    const struct sim_server_settings settings = {
        .listen = options->listen, .fixed_clock_us = options->fixed_clock_us, .validators = options->validators};
    if (!service_start("sim", &life, error))
        return false;
    struct sim_server *server = sim_server_start(&settings, world, error);
    if (server) {
        log_info("sim", "listening", F_STR("listen", options->listen), F_INT("port", sim_server_port(server)),
                 F_INT("seed", options->seed), F_INT("faults", world->faults.count),
                 F_INT("recordings", world->recordings ? recordings_count(world->recordings) : 0));
        while (!service_stopping())
            service_sleep(60000);
        sim_server_stop(server);
    }
    service_stop();
    return server != NULL;
}

int main(int argc, char **argv)
{
    struct sim_options options;
    struct sim_world world = {0};
    struct error error = {0};
    bool good = sim_options_parse(argc, argv, clock_wall_us(), &options, &error);
    if (good && (options.help || options.version)) {
        fputs(options.help ? sim_help : "quotebus-sim " QUOTEBUS_VERSION "\n", stdout);
        return 0;
    }
    log_set_stage("sim");
    good = good && prepare(&options, &world, &error) && serve(&options, &world, &error);
    if (!good)
        fprintf(stderr, "quotebus-sim: %s\n", error.message);
    world_clear(&world);
    return good ? 0 : error_exit_status(error.code);
}
