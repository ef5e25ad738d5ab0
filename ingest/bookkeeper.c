#include "ingest/bookkeeper.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "ingest/ledger.h"
#include "ingest/now.h"
#include "ingest/slot_watch.h"

#define COMPONENT "ingest.ledger"
/** How often the last state of lanes is tried to be recorded. */
#define LAST_COMMITS 10

/** The book of one lane. */
struct book {
    struct ledger_lane ledger;
    struct slot_watch slots;
    bool ours;
    bool changed; /* since it was recorded */
    struct metric *owned;
};

struct bookkeeper {
    const struct config *config;
    struct planner *planner;
    struct ownership_events events;
    struct ownership *ownership;
    lane_closer_fn close_lane;
    void *closer_ctx;
    struct book *books; /* one per lane */
    size_t count;
    int64_t changed_ms; /* since when something waits to be recorded; 0: nothing does */
    struct lane_state state;
    struct arena arena;
    struct metric *interrupted;
    struct metric *left_out;
    struct metric *missed;
    lane_cache_fn cache_of; /* NULL: none are recorded */
    void *cache_ctx;
};

/** The number of a lane by its name, or the number of lanes. */
static size_t find_lane(const struct bookkeeper *keeper, struct str name)
{
    size_t lane = 0;
    while (lane < keeper->count && !str_is(name, planner_lane_name(keeper->planner, lane))) {
        lane++;
    }
    return lane;
}

/** The job of a name in a state, or NULL. */
static struct lane_job *job_of(const struct lane_state *state, struct str name, int64_t slot_us)
{
    for (size_t i = 0; i < state->job_count; i++) {
        if (str_equal(state->jobs[i].job, name) && state->jobs[i].slot_us == slot_us) {
            return &state->jobs[i];
        }
    }
    return NULL;
}

/** Leaves the assets of a call that was interrupted twice out of its slots, and says so. */
static void leave_out(struct bookkeeper *keeper, size_t lane, const struct ledger_call *call)
{
    for (size_t i = 0; i < call->slots_count; i++) {
        struct lane_job *job = job_of(&keeper->state, call->slots[i].job, call->slots[i].slot_us);
        for (size_t k = 0; job != NULL && k < call->assets_count; k++) {
            ledger_leave_out(&keeper->state, job, planner_place(keeper->planner, lane, job->job, call->assets[k]));
        }
    }
    metric_add(keeper->left_out, 1);
    log_warn(COMPONENT, "a call was interrupted twice and is left out", F_STR("lane", planner_lane_name(keeper->planner, lane)),
             F_SLICE("endpoint", call->endpoint), F_SLICE("request_id", call->request_id), F_INT("assets", call->assets_count),
             F_SLICE("job", call->slots[0].job), F_INT("slot_us", call->slots[0].slot_us));
}

/** The interval of a job, by its name; 0: there is none such. */
static int64_t interval_us(const struct bookkeeper *keeper, struct str name)
{
    for (size_t i = 0; i < planner_jobs(keeper->planner); i++) {
        struct job_view view;
        planner_job_view(keeper->planner, i, &view);
        if (str_is(name, view.settings->name)) {
            return view.settings->every_s * US_PER_S;
        }
    }
    return 0;
}

/** Says which slots of the jobs in the state nobody served. */
static void watch_slots(struct bookkeeper *keeper, size_t lane)
{
    for (size_t i = 0; i < keeper->state.job_count; i++) {
        const struct lane_job *job = &keeper->state.jobs[i];
        struct slot_gap gap = slot_watch_note(&keeper->books[lane].slots, job->job, job->slot_us, interval_us(keeper, job->job));
        if (gap.slots > 0) {
            metric_add(keeper->missed, (double)gap.slots);
            log_warn(COMPONENT, "slots of a job were passed over", F_STR("lane", planner_lane_name(keeper->planner, lane)),
                     F_SLICE("job", job->job), F_INT("slots", gap.slots), F_INT("from_us", gap.from_us),
                     F_INT("to_us", gap.to_us));
        }
    }
}

/** The last record of a lane that comes: goes on from there. */
static void on_restored(void *ctx, const struct ledger_entry *entry)
{
    struct bookkeeper *keeper = ctx;
    const struct ledger_call **left_out;
    const struct moment now = moment_now();
    size_t lane = find_lane(keeper, entry->lane);
    if (lane == keeper->count) {
        log_info(COMPONENT, "the ledger knows a lane that is not configured", F_SLICE("lane", entry->lane));
        return;
    }
    arena_reset(&keeper->arena);
    size_t count = ledger_read(&keeper->books[lane].ledger, entry, &keeper->state, &keeper->arena, &left_out);
    for (size_t i = 0; i < count; i++) {
        leave_out(keeper, lane, left_out[i]);
    }
    planner_import(keeper->planner, lane, &keeper->state, &now);
    if (keeper->cache_of != NULL) {
        cache_import(keeper->cache_of(keeper->cache_ctx, lane), &keeper->state);
    }
    watch_slots(keeper, lane);
    metric_add(keeper->interrupted, (double)keeper->books[lane].ledger.count);
    log_info(COMPONENT, "a provider was taken over", F_SLICE("lane", entry->lane), F_SLICE("from_instance", entry->instance),
             F_INT("recorded_at_us", entry->at_us), F_INT("interrupted_calls", keeper->books[lane].ledger.count),
             F_INT("in_flight", entry->in_flight));
}

/** The lanes of a partition are ours from now on. */
static void on_gained(void *ctx, int32_t partition)
{
    struct bookkeeper *keeper = ctx;
    for (size_t lane = 0; lane < keeper->count; lane++) {
        if (ownership_partition(keeper->ownership, planner_lane_name(keeper->planner, lane)) == partition) {
            keeper->books[lane].ours = true;
            metric_set(keeper->books[lane].owned, 1);
            planner_switch(keeper->planner, lane, true);
            log_info(COMPONENT, "calls are made for a provider", F_STR("lane", planner_lane_name(keeper->planner, lane)));
        }
    }
}

/** Forgets a lane that somebody else has now. */
static void give_up(struct bookkeeper *keeper, size_t lane)
{
    keeper->books[lane].ours = false;
    keeper->books[lane].changed = false;
    metric_set(keeper->books[lane].owned, 0);
    ledger_clear(&keeper->books[lane].ledger);
    slot_watch_clear(&keeper->books[lane].slots);
    planner_switch(keeper->planner, lane, false);
}

/** Whether a lane of ours lies in one of the partitions. */
static bool lies_in(const struct bookkeeper *keeper, size_t lane, const int32_t *partitions, size_t count)
{
    int32_t partition = ownership_partition(keeper->ownership, planner_lane_name(keeper->planner, lane));
    bool within = false;
    for (size_t i = 0; i < count; i++) {
        within = within || partitions[i] == partition;
    }
    return within && keeper->books[lane].ours;
}

/** Records what there is while lanes go. The group cannot be served meanwhile, so a commit that has to come later is tried again.
 */
static bool commit_last(struct bookkeeper *keeper, struct error *error)
{
    enum commit_result result = COMMIT_LATER;
    for (int i = 0; i < LAST_COMMITS && result == COMMIT_LATER; i++) {
        const struct moment now = moment_now();
        if (i > 0) {
            service_sleep(BOOKKEEPER_SETTLE_MS);
        }
        result = bookkeeper_commit(keeper, &now, error);
    }
    if (result == COMMIT_LATER) {
        error_set(error, ERROR_RETRY, "the last state of the providers that go could not be recorded in time");
    }
    return result == COMMIT_DONE;
}

/** Lanes go: their calls end, what came of them is recorded, and they are forgotten. */
static bool on_leaving(void *ctx, const int32_t *partitions, size_t count, bool lost, struct error *error)
{
    struct bookkeeper *keeper = ctx;
    for (size_t lane = 0; lane < keeper->count; lane++) {
        if (lies_in(keeper, lane, partitions, count)) {
            keeper->close_lane(keeper->closer_ctx, lane, lost);
            keeper->books[lane].changed = true;
        }
    }
    bool recorded = lost || commit_last(keeper, error);
    for (size_t lane = 0; lane < keeper->count; lane++) {
        if (lies_in(keeper, lane, partitions, count)) {
            log_info(COMPONENT, lost ? "a provider was lost to another instance" : "a provider was given up",
                     F_STR("lane", planner_lane_name(keeper->planner, lane)));
            give_up(keeper, lane);
        }
    }
    return recorded;
}

/** Prepares the book of a lane. */
static void open_book(struct bookkeeper *keeper, size_t lane)
{
    char labels[160];
    const char *const pairs[] = {"provider", planner_lane_name(keeper->planner, lane)};
    metric_labels(labels, sizeof labels, 1, pairs);
    keeper->books[lane].owned =
        metric_gauge("quotebus_ingest_owned", "1 when this instance makes the calls of the provider.", labels);
    give_up(keeper, lane);
}

struct bookkeeper *bookkeeper_new(const struct config *config, struct planner *planner, lane_closer_fn close_lane, void *ctx,
                                  struct error *error)
{
    struct bookkeeper *keeper = xcalloc(1, sizeof *keeper);
    keeper->config = config;
    keeper->planner = planner;
    keeper->close_lane = close_lane;
    keeper->closer_ctx = ctx;
    keeper->events = (struct ownership_events){keeper, on_restored, on_gained, on_leaving};
    keeper->count = planner_lanes(planner);
    keeper->books = xcalloc(keeper->count + 1, sizeof *keeper->books);
    keeper->interrupted = metric_counter("quotebus_ingest_interrupted_calls_total",
                                         "Calls that a former owner had begun and not ended when their provider came.", NULL);
    keeper->left_out =
        metric_counter("quotebus_ingest_left_out_calls_total", "Calls that were interrupted twice and not made again.", NULL);
    keeper->missed = metric_counter(
        "quotebus_ingest_missed_slots_total",
        "Slots of jobs that were passed over: nobody served them, or calls of an earlier one were under way.", NULL);
    for (size_t lane = 0; lane < keeper->count; lane++) {
        open_book(keeper, lane);
    }
    keeper->ownership = ownership_new(config, &keeper->events, error);
    if (keeper->ownership == NULL) {
        bookkeeper_free(keeper);
        return NULL;
    }
    return keeper;
}

void bookkeeper_use_caches(struct bookkeeper *keeper, lane_cache_fn cache_of, void *ctx)
{
    keeper->cache_of = cache_of;
    keeper->cache_ctx = ctx;
}

void bookkeeper_free(struct bookkeeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    ownership_free(keeper->ownership);
    for (size_t lane = 0; lane < keeper->count; lane++) {
        ledger_clear(&keeper->books[lane].ledger);
        slot_watch_clear(&keeper->books[lane].slots);
    }
    lane_state_clear(&keeper->state);
    arena_clear(&keeper->arena);
    free(keeper->books);
    free(keeper);
}

bool bookkeeper_connect(struct bookkeeper *keeper, struct error *error)
{
    bookkeeper_disconnect(keeper);
    return ownership_connect(keeper->ownership, error);
}

void bookkeeper_leave(struct bookkeeper *keeper)
{
    ownership_leave(keeper->ownership);
    bookkeeper_disconnect(keeper);
}

void bookkeeper_disconnect(struct bookkeeper *keeper)
{
    ownership_disconnect(keeper->ownership);
    for (size_t lane = 0; lane < keeper->count; lane++) {
        if (keeper->books[lane].ours) {
            keeper->close_lane(keeper->closer_ctx, lane, true);
            give_up(keeper, lane);
        }
    }
    keeper->changed_ms = 0;
}

bool bookkeeper_turn(struct bookkeeper *keeper, struct error *error)
{
    return ownership_turn(keeper->ownership, error);
}

bool bookkeeper_ready(const struct bookkeeper *keeper, char *reason, size_t reason_size)
{
    return ownership_ready(keeper->ownership, reason, reason_size);
}

/** Notes that a lane has to be recorded. */
static void note_change(struct bookkeeper *keeper, size_t lane, int64_t now_ms)
{
    keeper->books[lane].changed = true;
    keeper->changed_ms = keeper->changed_ms == 0 ? now_ms : keeper->changed_ms;
}

void bookkeeper_begin(struct bookkeeper *keeper, const struct call *call, const char *request_id, const struct moment *now)
{
    struct call_slot slots[LEDGER_SLOTS_MAX];
    size_t count = planner_call_slots(keeper->planner, call, slots, LEDGER_SLOTS_MAX);
    count = count < LEDGER_SLOTS_MAX ? count : LEDGER_SLOTS_MAX;
    if (ledger_begin(&keeper->books[call->lane].ledger, call, slots, count, request_id, now->wall_us)) {
        log_info(COMPONENT, "a call that was interrupted with its owner is made again",
                 F_STR("lane", planner_lane_name(keeper->planner, call->lane)), F_STR("endpoint", call->endpoint->name),
                 F_STR("request_id", request_id));
    }
    note_change(keeper, call->lane, now->mono_ms);
}

void bookkeeper_end(struct bookkeeper *keeper, const struct call *call, const char *request_id, int64_t now_ms)
{
    if (keeper->books[call->lane].ours) {
        ledger_end(&keeper->books[call->lane].ledger, request_id);
        note_change(keeper, call->lane, now_ms);
    }
}

int64_t bookkeeper_wait_ms(const struct bookkeeper *keeper, int64_t now_ms)
{
    int64_t left_ms = keeper->changed_ms + BOOKKEEPER_SETTLE_MS - now_ms;
    return keeper->changed_ms == 0 ? -1 : left_ms > 0 ? left_ms : 0;
}

/** Adds the record of a lane to the transaction. */
static bool record_lane(struct bookkeeper *keeper, size_t lane, const struct moment *now, struct error *error)
{
    struct ledger_entry entry;
    arena_reset(&keeper->arena);
    planner_export(keeper->planner, lane, now, &keeper->state);
    if (keeper->cache_of != NULL) {
        cache_export(keeper->cache_of(keeper->cache_ctx, lane), &keeper->state);
    }
    watch_slots(keeper, lane);
    ledger_write(&keeper->books[lane].ledger, &keeper->state, keeper->config->ingest.instance, now->wall_us, &keeper->arena,
                 &entry);
    return ownership_put(keeper->ownership, &entry, error);
}

/** Adds the records of all lanes that changed to a transaction. */
static bool record_changes(struct bookkeeper *keeper, const struct moment *now, struct error *error)
{
    bool fine = ownership_begin(keeper->ownership, error);
    for (size_t lane = 0; fine && lane < keeper->count; lane++) {
        if (keeper->books[lane].ours && keeper->books[lane].changed) {
            fine = record_lane(keeper, lane, now, error);
        }
    }
    return fine;
}

enum commit_result bookkeeper_commit(struct bookkeeper *keeper, const struct moment *now, struct error *error)
{
    service_heartbeat();
    if (!record_changes(keeper, now, error)) {
        return COMMIT_FAILED;
    }
    enum commit_result result = ownership_commit(keeper->ownership, error);
    keeper->changed_ms = result == COMMIT_LATER ? now->mono_ms : 0;
    for (size_t lane = 0; result == COMMIT_DONE && lane < keeper->count; lane++) {
        keeper->books[lane].changed = false;
    }
    return result;
}

bool bookkeeper_is_fresh(const struct bookkeeper *keeper, int64_t now_ms)
{
    return ownership_is_fresh(keeper->ownership, now_ms);
}
