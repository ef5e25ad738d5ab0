#include "ingest/ledger.h"

#include <stdlib.h>
#include <string.h>

/** Frees one call. */
static void free_open(struct ledger_open *open)
{
    free(open->call.slots);
    free(open->call.assets);
    free(open);
}

void ledger_clear(struct ledger_lane *lane)
{
    for (size_t i = 0; i < lane->count; i++) {
        free_open(lane->open[i]);
    }
    free(lane->open);
    arena_clear(&lane->memory);
    memset(lane, 0, sizeof *lane);
}

/** A new call with room for its arrays. */
static struct ledger_open *new_open(struct str request_id, size_t slots, size_t assets)
{
    struct ledger_open *open = xcalloc(1, sizeof *open);
    size_t id_len = request_id.len < REQUEST_ID_SIZE - 1 ? request_id.len : REQUEST_ID_SIZE - 1;
    memcpy(open->request_id, request_id.ptr, id_len);
    open->call.request_id = (struct str){.ptr = open->request_id, .len = id_len};
    open->call.slots = xcalloc(slots + 1, sizeof *open->call.slots);
    open->call.assets = xcalloc(assets + 1, sizeof *open->call.assets);
    return open;
}

/** Puts a call at the end of the list. */
static void add(struct ledger_lane *lane, struct ledger_open *open)
{
    if (lane->count == lane->cap) {
        lane->cap = lane->cap > 0 ? lane->cap * 2 : 8;
        lane->open = xrealloc(lane->open, lane->cap * sizeof(void *));
    }
    lane->open[lane->count++] = open;
}

/** Whether two calls serve a slot in common. */
static bool same_slot(const struct ledger_call *a, const struct ledger_call *b)
{
    for (size_t i = 0; i < a->slots_count; i++) {
        for (size_t k = 0; k < b->slots_count; k++) {
            if (a->slots[i].slot_us == b->slots[k].slot_us && str_equal(a->slots[i].job, b->slots[k].job)) {
                return true;
            }
        }
    }
    return false;
}

/** Takes an asset off a call; true when it was there. */
static bool take_asset(struct ledger_call *call, struct str asset)
{
    for (size_t i = 0; i < call->assets_count; i++) {
        if (str_equal(call->assets[i], asset)) {
            call->assets[i] = call->assets[--call->assets_count];
            return true;
        }
    }
    return false;
}

/** Takes the assets of a call off an interrupted one of the same slot; true when there was one among them. */
static bool resume(struct ledger_call *old, const struct ledger_call *call)
{
    bool repeats = false;
    for (size_t i = 0; old->interrupted && same_slot(old, call) && i < call->assets_count; i++) {
        repeats = take_asset(old, call->assets[i]) || repeats;
    }
    return repeats;
}

/** The same with all interrupted calls of a lane; those that no asset is left of are over. */
static bool resume_all(struct ledger_lane *lane, const struct ledger_call *call)
{
    bool repeats = false;
    size_t kept = 0;
    for (size_t i = 0; i < lane->count; i++) {
        struct ledger_open *open = lane->open[i];
        repeats = resume(&open->call, call) || repeats;
        if (open->call.interrupted && open->call.assets_count == 0) {
            free_open(open);
        } else {
            lane->open[kept++] = open;
        }
    }
    lane->count = kept;
    return repeats;
}

bool ledger_begin(struct ledger_lane *lane, const struct call *call, const struct call_slot *slots, size_t slot_count,
                  const char *request_id, int64_t now_us)
{
    struct ledger_open *open = new_open(str_from(request_id), slot_count, call->asset_count);
    struct ledger_call *record = &open->call;
    record->endpoint = str_from(call->endpoint->name);
    record->at_us = now_us;
    record->attempt = call->attempt;
    record->slots_count = slot_count;
    for (size_t i = 0; i < slot_count; i++) {
        record->slots[i] = (struct ledger_slot){str_from(slots[i].job), slots[i].slot_us};
    }
    record->assets_count = call->asset_count;
    for (size_t i = 0; i < call->asset_count; i++) {
        record->assets[i] = str_from(call->assets[i].asset);
    }
    bool repeats = resume_all(lane, record);
    record->repeats = repeats;
    add(lane, open);
    return repeats;
}

void ledger_end(struct ledger_lane *lane, const char *request_id)
{
    for (size_t i = 0; i < lane->count; i++) {
        if (!lane->open[i]->call.interrupted && strcmp(lane->open[i]->request_id, request_id) == 0) {
            free_open(lane->open[i]);
            lane->count--;
            memmove(&lane->open[i], &lane->open[i + 1], (lane->count - i) * sizeof(void *));
            return;
        }
    }
}

/** Whether a slot of the call still has open assets. */
static bool still_open(const struct ledger_call *call, const struct lane_state *state)
{
    for (size_t i = 0; i < call->slots_count; i++) {
        for (size_t k = 0; k < state->job_count; k++) {
            const struct lane_job *job = &state->jobs[k];
            if (job->open_count > 0 && job->slot_us == call->slots[i].slot_us && str_equal(job->job, call->slots[i].job)) {
                return true;
            }
        }
    }
    return false;
}

/** Forgets the interrupted calls of slots that are over. */
static void forget_old(struct ledger_lane *lane, const struct lane_state *state)
{
    size_t kept = 0;
    for (size_t i = 0; i < lane->count; i++) {
        struct ledger_open *open = lane->open[i];
        if (open->call.interrupted && !still_open(&open->call, state)) {
            free_open(open);
        } else {
            lane->open[kept++] = open;
        }
    }
    lane->count = kept;
}

/** Runs of calls as the record has them. */
static struct ledger_run *write_runs(const struct lane_run *runs, size_t count, struct arena *arena)
{
    struct ledger_run *out = arena_alloc(arena, (count + 1) * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct ledger_run){runs[i].at_us, runs[i].calls};
    }
    return out;
}

/** Symbols as the record has them. */
static struct ledger_symbol *write_symbols(const struct lane_symbol *symbols, size_t count, struct arena *arena)
{
    struct ledger_symbol *out = arena_alloc(arena, (count + 1) * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct ledger_symbol){symbols[i].asset, symbols[i].symbol, symbols[i].until_us};
    }
    return out;
}

/** Validators as the record has them. */
static struct ledger_validator *write_validators(const struct lane_validator *validators, size_t count, struct arena *arena)
{
    struct ledger_validator *out = arena_alloc(arena, (count + 1) * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        const struct lane_validator *from = &validators[i];
        out[i] = (struct ledger_validator){from->key, from->etag, from->last_modified, from->fresh_until_us};
    }
    return out;
}

/** Jobs as the record has them. */
static struct ledger_job *write_jobs(const struct lane_job *jobs, size_t count, struct arena *arena)
{
    struct ledger_job *out = arena_alloc(arena, (count + 1) * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        const struct lane_job *from = &jobs[i];
        out[i] = (struct ledger_job){.job = from->job, .slot_us = from->slot_us, .assets_hash = from->assets_hash};
        out[i].open = arena_alloc(arena, (from->open_count + 1) * sizeof *out[i].open);
        out[i].open_count = from->open_count;
        for (size_t k = 0; k < from->open_count; k++) {
            out[i].open[k] = (struct ledger_range){from->open[k].first, from->open[k].count};
        }
    }
    return out;
}

/** The lane's calls as the record has them. */
static struct ledger_call *write_calls(const struct ledger_lane *lane, struct arena *arena)
{
    struct ledger_call *out = arena_alloc(arena, (lane->count + 1) * sizeof *out);
    for (size_t i = 0; i < lane->count; i++) {
        out[i] = lane->open[i]->call;
    }
    return out;
}

void ledger_write(struct ledger_lane *lane, const struct lane_state *state, const char *instance, int64_t now_us,
                  struct arena *arena, struct ledger_entry *entry)
{
    forget_old(lane, state);
    *entry = (struct ledger_entry){
        .lane = state->lane,
        .at_us = now_us,
        .instance = str_from(instance),
        .in_flight = state->in_flight,
        .window = write_runs(state->window, state->window_count, arena),
        .window_count = state->window_count,
        .period = write_runs(state->period, state->period_count, arena),
        .period_count = state->period_count,
        .month = state->month,
        .month_used = state->month_used,
        .last_call_us = state->last_call_us,
        .paused_until_us = state->paused_until_us,
        .pace = state->pace,
        .pace_changed_us = state->pace_changed_us,
        .failures_in_row = state->failures_in_row,
        .breaker_opens = state->breaker_opens,
        .breaker_until_us = state->breaker_until_us,
        .jobs = write_jobs(state->jobs, state->job_count, arena),
        .jobs_count = state->job_count,
        .unknown = write_symbols(state->unknown, state->unknown_count, arena),
        .unknown_count = state->unknown_count,
        .inactive = write_symbols(state->inactive, state->inactive_count, arena),
        .inactive_count = state->inactive_count,
        .validators = write_validators(state->validators, state->validator_count, arena),
        .validators_count = state->validator_count,
        .calls = write_calls(lane, arena),
        .calls_count = lane->count,
    };
}

/** Runs of a record. */
static struct lane_run *read_runs(struct lane_state *state, const struct ledger_run *runs, size_t count)
{
    struct lane_run *out = lane_state_room(state, count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct lane_run){runs[i].at_us, runs[i].calls > 0 ? runs[i].calls : 0};
    }
    return out;
}

/** Symbols of a record. */
static struct lane_symbol *read_symbols(struct lane_state *state, const struct ledger_symbol *symbols, size_t count)
{
    struct lane_symbol *out = lane_state_room(state, count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct lane_symbol){arena_str(&state->memory, symbols[i].asset), arena_str(&state->memory, symbols[i].symbol),
                                      symbols[i].until_us};
    }
    return out;
}

/** A text of a record that may be missing. */
static struct opt_str read_text(struct lane_state *state, struct opt_str text)
{
    return text.set ? SOME_STR(arena_str(&state->memory, text.value)) : text;
}

/** Validators of a record. */
static struct lane_validator *read_validators(struct lane_state *state, const struct ledger_validator *validators, size_t count)
{
    struct lane_validator *out = lane_state_room(state, count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_validator *from = &validators[i];
        out[i] = (struct lane_validator){arena_str(&state->memory, from->key), read_text(state, from->etag),
                                         read_text(state, from->last_modified), from->fresh_until_us};
    }
    return out;
}

/** Jobs of a record. */
static struct lane_job *read_jobs(struct lane_state *state, const struct ledger_job *jobs, size_t count)
{
    struct lane_job *out = lane_state_room(state, count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_job *from = &jobs[i];
        out[i] = (struct lane_job){
            .job = arena_str(&state->memory, from->job), .slot_us = from->slot_us, .assets_hash = from->assets_hash};
        out[i].open = lane_state_room(state, from->open_count, sizeof *out[i].open);
        out[i].open_count = from->open_count;
        for (size_t k = 0; k < from->open_count; k++) {
            out[i].open[k] = (struct lane_range){from->open[k].first, from->open[k].count};
        }
    }
    return out;
}

/** Fills the planner's part of a record. */
static void read_state(const struct ledger_entry *entry, struct lane_state *state)
{
    lane_state_clear(state);
    state->lane = arena_str(&state->memory, entry->lane);
    state->saved_at_us = entry->at_us;
    state->in_flight = entry->in_flight > 0 ? entry->in_flight : 0;
    state->window = read_runs(state, entry->window, entry->window_count);
    state->window_count = entry->window_count;
    state->period = read_runs(state, entry->period, entry->period_count);
    state->period_count = entry->period_count;
    state->month = entry->month;
    state->month_used = entry->month_used;
    state->last_call_us = entry->last_call_us;
    state->paused_until_us = entry->paused_until_us;
    state->pace = entry->pace;
    state->pace_changed_us = entry->pace_changed_us;
    state->failures_in_row = entry->failures_in_row;
    state->breaker_opens = entry->breaker_opens;
    state->breaker_until_us = entry->breaker_until_us;
    state->jobs = read_jobs(state, entry->jobs, entry->jobs_count);
    state->job_count = entry->jobs_count;
    state->unknown = read_symbols(state, entry->unknown, entry->unknown_count);
    state->unknown_count = entry->unknown_count;
    state->inactive = read_symbols(state, entry->inactive, entry->inactive_count);
    state->inactive_count = entry->inactive_count;
    state->validators = read_validators(state, entry->validators, entry->validators_count);
    state->validator_count = entry->validators_count;
}

/** Remembers a call of a record as interrupted. */
static void keep_interrupted(struct ledger_lane *lane, const struct ledger_call *from)
{
    size_t slots = from->slots_count < LEDGER_SLOTS_MAX ? from->slots_count : LEDGER_SLOTS_MAX;
    struct ledger_open *open = new_open(from->request_id, slots, from->assets_count);
    struct ledger_call *call = &open->call;
    call->endpoint = arena_str(&lane->memory, from->endpoint);
    call->at_us = from->at_us;
    call->attempt = from->attempt;
    call->interrupted = true;
    call->slots_count = slots;
    for (size_t i = 0; i < slots; i++) {
        call->slots[i] = (struct ledger_slot){arena_str(&lane->memory, from->slots[i].job), from->slots[i].slot_us};
    }
    call->assets_count = from->assets_count;
    for (size_t i = 0; i < from->assets_count; i++) {
        call->assets[i] = arena_str(&lane->memory, from->assets[i]);
    }
    add(lane, open);
}

size_t ledger_read(struct ledger_lane *lane, const struct ledger_entry *entry, struct lane_state *state, struct arena *arena,
                   const struct ledger_call ***left_out)
{
    size_t skip = entry->calls_count > LEDGER_INTERRUPTED_MAX ? entry->calls_count - LEDGER_INTERRUPTED_MAX : 0;
    size_t count = 0;
    read_state(entry, state);
    ledger_clear(lane);
    *left_out = arena_alloc(arena, (entry->calls_count + 1) * sizeof(void *));
    for (size_t i = skip; i < entry->calls_count; i++) {
        const struct ledger_call *call = &entry->calls[i];
        if (call->slots_count == 0) {
            continue; /* a question; it is asked again when the asset is missing again */
        }
        if (call->repeats && !call->interrupted) {
            (*left_out)[count++] = call;
        } else {
            keep_interrupted(lane, call);
        }
    }
    return count;
}

void ledger_leave_out(struct lane_state *state, struct lane_job *job, int64_t place)
{
    struct lane_range *out = lane_state_room(state, job->open_count + 1, sizeof *out);
    size_t count = 0;
    for (size_t i = 0; i < job->open_count; i++) {
        const struct lane_range range = job->open[i];
        bool within = place >= range.first && place < range.first + range.count;
        int64_t before = within ? place - range.first : range.count;
        if (before > 0) {
            out[count++] = (struct lane_range){range.first, before};
        }
        if (within && before + 1 < range.count) {
            out[count++] = (struct lane_range){place + 1, range.count - before - 1};
        }
    }
    job->open = out;
    job->open_count = count;
}
