#include "ingest/bookkeeper.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "ingest/ledger.h"
#include "ingest/now.h"

#define COMPONENT "ingest.ledger"

/** The book of one lane. */
struct book {
    struct ledger_lane ledger;
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

/** Says that a call of a slot is not made a third time. */
static void say_left_out(struct bookkeeper *keeper, const struct ledger_entry *entry, const struct ledger_call *call)
{
    metric_add(keeper->left_out, 1);
    log_warn(COMPONENT, "a call was interrupted twice and is left out", F_SLICE("lane", entry->lane),
             F_SLICE("endpoint", call->endpoint), F_SLICE("request_id", call->request_id), F_INT("assets", call->assets_count),
             F_SLICE("job", call->slots[0].job), F_INT("slot_us", call->slots[0].slot_us));
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
    planner_import(keeper->planner, lane, &keeper->state, &now);
    for (size_t i = 0; i < count; i++) {
        say_left_out(keeper, entry, left_out[i]);
    }
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

/** Lanes go: their calls end, what came of them is recorded, and they are forgotten. */
static bool on_leaving(void *ctx, const int32_t *partitions, size_t count, bool lost, struct error *error)
{
    struct bookkeeper *keeper = ctx;
    bool recorded = true;
    for (size_t lane = 0; lane < keeper->count; lane++) {
        if (lies_in(keeper, lane, partitions, count)) {
            keeper->close_lane(keeper->closer_ctx, lane, lost);
            keeper->books[lane].changed = true;
        }
    }
    if (!lost) {
        const struct moment now = moment_now();
        recorded = bookkeeper_commit(keeper, &now, error);
    }
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

void bookkeeper_free(struct bookkeeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    ownership_free(keeper->ownership);
    for (size_t lane = 0; lane < keeper->count; lane++) {
        ledger_clear(&keeper->books[lane].ledger);
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
    ledger_write(&keeper->books[lane].ledger, &keeper->state, keeper->config->ingest.instance, now->wall_us, &keeper->arena,
                 &entry);
    return ownership_put(keeper->ownership, &entry, error);
}

bool bookkeeper_commit(struct bookkeeper *keeper, const struct moment *now, struct error *error)
{
    if (!ownership_begin(keeper->ownership, error)) {
        return false;
    }
    for (size_t lane = 0; lane < keeper->count; lane++) {
        if (keeper->books[lane].ours && keeper->books[lane].changed && !record_lane(keeper, lane, now, error)) {
            return false;
        }
        keeper->books[lane].changed = false;
    }
    keeper->changed_ms = 0;
    service_heartbeat();
    return ownership_commit(keeper->ownership, error);
}

bool bookkeeper_is_fresh(const struct bookkeeper *keeper, int64_t now_ms)
{
    return ownership_is_fresh(keeper->ownership, now_ms);
}
