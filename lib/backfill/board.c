#include "backfill/board.h"

#include <stdlib.h>
#include <string.h>

/** Longest name of a source or of an asset that is taken. */
#define NAME_MAX_BYTES 128

/** A copy of a slice as C text, owned by the caller. */
static char *copy_text(struct str text)
{
    char *copy = xcalloc(text.len + 1, 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

/** Frees what a request holds. */
static void wanted_clear(struct wanted *wanted)
{
    free(wanted->asset);
    free(wanted->source);
}

/** Frees a cover. */
static void cover_free(struct cover *cover)
{
    day_set_clear(&cover->days);
    free(cover->symbol);
    free(cover->failure);
    free(cover);
}

void board_clear(struct board *board)
{
    struct cover *cover = board->covers, *next;
    HASH_CLEAR(hh, board->covers);
    for (; cover; cover = next) {
        next = cover->hh.next;
        cover_free(cover);
    }
    for (size_t i = 0; i < board->request_count; i++)
        wanted_clear(&board->requests[i]);
    free(board->requests);
    *board = (struct board){0};
}

/** Whether a name can be one. A blank would make the keys of covers ambiguous. */
static bool is_name(struct str text)
{
    return text.len > 0 && text.len <= NAME_MAX_BYTES && !memchr(text.ptr, ' ', text.len) && !memchr(text.ptr, '\0', text.len);
}

bool board_has(const struct board *board, const char *source, const char *asset, struct days days)
{
    for (size_t i = 0; i < board->request_count; i++) {
        const struct wanted *wanted = &board->requests[i];
        if (wanted->days.from == days.from && wanted->days.to == days.to && strcmp(wanted->asset, asset) == 0 &&
            strcmp(wanted->source, source) == 0)
            return true;
    }
    return false;
}

/** Room for one more request; the oldest makes it when there are too many. */
static struct wanted *add_wanted(struct board *board)
{
    if (board->request_count == BOARD_REQUESTS_MAX) {
        wanted_clear(&board->requests[0]);
        board->request_count--;
        memmove(&board->requests[0], &board->requests[1], board->request_count * sizeof(*board->requests));
    }
    if (board->request_count == board->request_cap) {
        board->request_cap = board->request_cap ? 2 * board->request_cap : 16;
        board->requests = xrealloc(board->requests, board->request_cap * sizeof(*board->requests));
    }
    return &board->requests[board->request_count++];
}

bool board_add_request(struct board *board, const struct backfill_request *request)
{
    const struct days days = {.from = request->from, .to = request->to};
    if (!is_name(request->asset) || !is_name(request->source) || days.from >= days.to ||
        !str_is(request->interval, BACKFILL_INTERVAL))
        return false;
    struct wanted wanted = {.asset = copy_text(request->asset),
                            .source = copy_text(request->source),
                            .days = days,
                            .requested_at_us = request->requested_at_us};
    if (board_has(board, wanted.source, wanted.asset, days)) {
        wanted_clear(&wanted);
        return false;
    }
    *add_wanted(board) = wanted;
    board->changes++;
    return true;
}

/** The key of a cover: owned by the caller. */
static char *cover_key(const char *source, const char *asset)
{
    struct buf text = {0};
    buf_printf(&text, "%s %s", source, asset);
    buf_append(&text, "", 1);
    return (char *)text.data;
}

/** The cover of a key, or NULL. */
static struct cover *find_key(const struct board *board, const char *key)
{
    struct cover *cover;
    HASH_FIND_STR(board->covers, key, cover);
    return cover;
}

struct cover *board_find(const struct board *board, const char *source, const char *asset)
{
    char *key = cover_key(source, asset);
    struct cover *cover = find_key(board, key);
    free(key);
    return cover;
}

struct cover *board_obtain(struct board *board, const char *source, const char *asset)
{
    char *key = cover_key(source, asset);
    struct cover *cover = find_key(board, key);
    if (!cover && board->cover_count < BOARD_COVERS_MAX) {
        cover = xcalloc(1, sizeof(*cover) + strlen(key) + 1);
        memcpy(cover->key, key, strlen(key) + 1);
        cover->asset_at = strlen(source) + 1;
        HASH_ADD_STR(board->covers, key, cover);
        board->cover_count++;
    }
    free(key);
    return cover;
}

void cover_set_text(char **text, const char *value)
{
    char *copy = value ? xstrdup(value) : NULL;
    free(*text);
    *text = copy;
}

void board_add_coverage(struct board *board, const struct backfill_coverage *coverage)
{
    if (!is_name(coverage->asset) || !is_name(coverage->source) || !str_is(coverage->interval, BACKFILL_INTERVAL))
        return;
    char *source = copy_text(coverage->source), *asset = copy_text(coverage->asset);
    struct cover *cover = board_obtain(board, source, asset);
    if (cover && coverage->updated_at_us >= cover->updated_at_us) {
        day_set_clear(&cover->days);
        for (size_t i = 0; i < coverage->ranges_count; i++)
            day_set_add(&cover->days, (struct days){.from = coverage->ranges[i].from, .to = coverage->ranges[i].to});
        free(cover->symbol);
        free(cover->failure);
        cover->symbol = copy_text(coverage->symbol);
        cover->failure = coverage->failure.set ? copy_text(coverage->failure.value) : NULL;
        cover->bars = coverage->bars;
        cover->updated_at_us = coverage->updated_at_us;
        board->changes++;
    }
    free(source);
    free(asset);
}

const char *cover_asset(const struct cover *cover)
{
    return cover->key + cover->asset_at;
}

bool cover_failed(const struct cover *cover, const char *symbol)
{
    return cover && cover->failure && cover->symbol && strcmp(cover->symbol, symbol) == 0;
}

int64_t cover_done(const struct cover *cover, const char *symbol, struct days days)
{
    if (cover_failed(cover, symbol))
        return days.to - days.from;
    return cover && cover->symbol && strcmp(cover->symbol, symbol) == 0 ? day_set_count(&cover->days, days) : 0;
}

struct backfill_coverage cover_record(const struct cover *cover, struct arena *arena)
{
    struct backfill_coverage record = {.asset = str_from(cover_asset(cover)),
                                       .source = {.ptr = cover->key, .len = cover->asset_at - 1},
                                       .symbol = cover->symbol ? str_from(cover->symbol) : STR(""),
                                       .interval = STR(BACKFILL_INTERVAL),
                                       .ranges = arena_alloc(arena, cover->days.count * sizeof(*record.ranges)),
                                       .ranges_count = cover->days.count,
                                       .bars = cover->bars,
                                       .updated_at_us = cover->updated_at_us};
    if (cover->failure)
        record.failure = SOME_STR(str_from(cover->failure));
    for (size_t i = 0; i < cover->days.count; i++)
        record.ranges[i] = (struct day_range){.from = cover->days.ranges[i].from, .to = cover->days.ranges[i].to};
    return record;
}
