#include "tests/sim/world.h"

#include <string.h>

#include "base/clock.h"
#include "tests/sim/control.h"

void world_init(struct sim_world *world, uint64_t seed, int64_t start_us)
{
    *world = (struct sim_world){.market = {.seed = seed, .start_s = start_us / US_PER_S}, .faults = {.seed = seed}};
}

void world_clear(struct sim_world *world)
{
    faults_clear(&world->faults);
    recordings_free(world->recordings);
    witness_clear(&world->witness);
    *world = (struct sim_world){0};
}

struct observation sim_observe_at(struct sim_call *call, const struct sim_asset *asset, int64_t gmt_offset_s, int64_t at_s)
{
    struct observation_effect effect = faults_on_quote(&call->world->faults, call, asset);
    effect.frozen_at_s -= call->now_us / US_PER_S - at_s; /* who is behind freezes at what he showed then */
    return market_observe(call->market, asset, call->provider->source, at_s, gmt_offset_s, &effect);
}

struct observation sim_observe(struct sim_call *call, const struct sim_asset *asset, int64_t gmt_offset_s)
{
    return sim_observe_at(call, asset, gmt_offset_s, call->now_us / US_PER_S);
}

/** Writes the provider's own answer: the next recording, or one that is made. */
static void write_answer(struct sim_call *call, struct sim_answer *answer)
{
    struct recordings *recordings = call->world->recordings;
    if (recordings && recordings_answer(recordings, call->provider, call->request, answer))
        return;
    if (recordings)
        call->asset_count = 0; /* what was not recorded is unknown, in the words of the provider */
    call->endpoint->answer(call, answer);
}

/** Answers a call of an endpoint, faults applied. */
static void answer_call(struct sim_call *call, struct sim_answer *answer)
{
    if (call->endpoint->resolve)
        call->endpoint->resolve(call);
    const struct sim_fault *fault = faults_on_answer(&call->world->faults, call);
    if (!fault || !fault_replaces(fault))
        write_answer(call, answer);
    if (fault)
        fault_apply(fault, call->provider, answer);
}

/** Answers a request to a provider. A recorded path need not be an endpoint. */
static void answer_provider(struct sim_world *world, const struct sim_provider *provider, struct sim_request *request,
                            int64_t now_us, struct sim_answer *answer)
{
    struct sim_call call = {.world = world, .market = &world->market, .provider = provider, .request = request, .now_us = now_us};
    call.endpoint = sim_endpoint_of(provider, request);
    witness_count(&world->witness, provider, call.endpoint, now_us);
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
        sim_say(answer, 405, SIM_HTML, "Method Not Allowed\n");
    else if (call.endpoint)
        answer_call(&call, answer);
    else if (!world->recordings || !recordings_answer(world->recordings, provider, request, answer))
        sim_say(answer, 404, SIM_HTML, "Not Found\n");
}

void world_answer(struct sim_world *world, const struct sim_incoming *incoming, int64_t now_us, struct sim_answer *answer)
{
    struct arena memory = {0};
    struct error error = {0};
    struct sim_request request = {.method = incoming->method};
    *answer = (struct sim_answer){.status = 200, .content_type = SIM_JSON, .retry_after_s = -1};
    if (!sim_request_parse(incoming->uri, &memory, &request, &error)) {
        sim_say(answer, error.code == ERROR_LIMIT ? 414 : 400, "text/plain", error.message);
    } else if (strcmp(request.provider, "sim") == 0) {
        request.body = incoming->body;
        control_answer(world, &request, now_us, answer);
    } else {
        const struct sim_provider *provider = sim_provider_find(request.provider);
        request.cookie = incoming->cookie;
        if (provider)
            answer_provider(world, provider, &request, now_us, answer);
        else
            sim_say(answer, 404, "text/plain", "paths begin with /sim or the name of a provider: /yahoo, /coingecko, ...\n");
    }
    arena_clear(&memory);
}
