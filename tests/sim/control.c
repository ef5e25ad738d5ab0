#include "tests/sim/control.h"

#include <string.h>

/** An object with one text. */
static void say_json(struct sim_answer *answer, int status, const char *key, const char *text)
{
    struct json_out out = {.buf = &answer->body};
    answer->status = status;
    out_begin(&out, NULL, '{');
    out_text(&out, key, text);
    out_end(&out, '}');
}

/** GET /sim/calls */
static void get_calls(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer)
{
    (void)request, (void)now_us;
    witness_write(&world->witness, &answer->body);
}

/** GET /sim/times?provider=NAME */
static void get_times(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer)
{
    const char *provider = sim_param(request, "provider");
    (void)now_us;
    if (!provider || !witness_write_times(&world->witness, provider, &answer->body))
        say_json(answer, 404, "error", "there is no such provider: /sim/times?provider=NAME");
}

/** GET /sim/faults */
static void get_faults(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer)
{
    (void)request;
    faults_write(&world->faults, now_us, &answer->body);
}

/** POST /sim/faults */
static void post_fault(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer)
{
    struct error error = {0};
    if (faults_post(&world->faults, request->body, now_us, &error))
        faults_write(&world->faults, now_us, &answer->body);
    else
        say_json(answer, 400, "error", error.message);
}

/** DELETE /sim/faults */
static void delete_faults(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer)
{
    const char *name = sim_param(request, "name");
    if (faults_stop(&world->faults, name) == 0 && name)
        say_json(answer, 404, "error", "no fault of that name is on");
    else
        faults_write(&world->faults, now_us, &answer->body);
}

static const struct {
    const char *method, *path;
    void (*answer)(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer);
} routes[] = {
    {"GET", "/calls", get_calls},    {"GET", "/times", get_times},         {"GET", "/faults", get_faults},
    {"POST", "/faults", post_fault}, {"DELETE", "/faults", delete_faults},
};

void control_answer(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer)
{
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].method, method) == 0 && strcmp(routes[i].path, request->path) == 0) {
            routes[i].answer(world, request, now_us, answer);
            return;
        }
    }
    say_json(answer, 404, "error", "there are GET /sim/calls and /sim/times, and GET, POST and DELETE /sim/faults");
}
