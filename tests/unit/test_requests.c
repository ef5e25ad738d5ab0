#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/backfill_targets.h"
#include "ingest/requests.h"
#include "tests/unit/temp_config.h"

#define TODAY 20500

/** With a place for history_d. */
#define YAML                                                                                                                     \
    "ingest: { history_d: %d, backfill_chunk_d: 300 }\n"                                                                         \
    "providers:\n"                                                                                                               \
    "  yahoo: { base_url: \"http://127.0.0.1:1\" }\n"                                                                            \
    "  kraken: { base_url: \"http://127.0.0.1:1\" }\n"                                                                           \
    "jobs: {}\n"                                                                                                                 \
    "assets:\n"                                                                                                                  \
    "  equity:AAPL: { symbols: { yahoo: AAPL } }\n"                                                                              \
    "  equity:MSFT: { symbols: { yahoo: MSFT } }\n"                                                                              \
    "  crypto:KRK: { symbols: { kraken: KRKUSD } }\n"

/** What one test has. */
struct desk {
    struct config *config;
    struct board board;
    struct arena arena;
    size_t cursor;
    const char *barred; /* asset that may not be asked about; NULL: none */
};

static const struct request_asset *find_asset(const void *ctx, const char *asset)
{
    static const struct request_asset assets[] = {{"equity:AAPL", "AAPL"}, {"equity:MSFT", "MSFT"}};
    const struct desk *desk = ctx;
    for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
        if (strcmp(assets[i].asset, asset) == 0 && (!desk->barred || strcmp(desk->barred, asset) != 0))
            return &assets[i];
    }
    return NULL;
}

/** A board on which nothing stands; new assets get so many days by themselves. */
static struct desk desk_open(int history_d)
{
    char text[sizeof(YAML) + 16];
    snprintf(text, sizeof(text), YAML, history_d);
    return (struct desk){.config = temp_config(text)};
}

static void desk_close(struct desk *desk)
{
    board_clear(&desk->board);
    arena_clear(&desk->arena);
    config_free(desk->config);
}

static void want(struct desk *desk, const char *asset, int32_t from, int32_t to)
{
    const struct backfill_request request = {
        .asset = str_from(asset), .source = STR("yahoo"), .interval = STR("1d"), .from = from, .to = to};
    assert_true(board_add_request(&desk->board, &request));
}

static bool next(struct desk *desk, struct chunk *chunk)
{
    const struct chunk_filter filter = {.find = find_asset, .ctx = desk};
    return requests_next(&desk->board, desk->config, "yahoo", TODAY, &filter, &desk->cursor, chunk);
}

/** Works everything off; returns the number of calls. */
static int work_off(struct desk *desk)
{
    struct chunk chunk;
    int calls = 0;
    while (next(desk, &chunk)) {
        assert_true(++calls < 100);
        assert_non_null(requests_note(&desk->board, &chunk, OUTCOME_OK, 5, 1));
    }
    return calls;
}

static void new_assets_get_their_history_once(void **state)
{
    (void)state;
    struct desk desk = desk_open(100);
    struct chunk chunk;
    assert_true(next(&desk, &chunk));
    assert_string_equal(chunk.asset, "equity:AAPL");
    assert_string_equal(chunk.symbol, "AAPL");
    assert_int_equal(chunk.days.from, TODAY - 100);
    assert_int_equal(chunk.days.to, TODAY);
    desk.cursor = 0;                      /* nothing came of that chunk */
    assert_int_equal(work_off(&desk), 2); /* the third has no symbol at a source with histories */
    assert_int_equal(work_off(&desk), 0);
    desk_close(&desk);
}

static void request_is_worked_off_in_chunks_and_only_what_is_missing(void **state)
{
    (void)state;
    struct desk desk = desk_open(0);
    struct chunk chunk;
    want(&desk, "equity:AAPL", TODAY - 700, TODAY + 50);
    assert_true(next(&desk, &chunk));
    assert_int_equal(chunk.days.from, TODAY - 700);
    assert_int_equal(chunk.days.to, TODAY - 400);
    assert_int_equal(work_off(&desk), 3);
    assert_int_equal(board_find(&desk.board, "yahoo", "equity:AAPL")->updated_at_us, 3); /* each later than the one before */
    const struct cover *cover = board_find(&desk.board, "yahoo", "equity:AAPL");
    assert_int_equal(cover->bars, 15);
    assert_int_equal(cover->days.count, 1);
    assert_int_equal(cover->days.ranges[0].to, TODAY);
    want(&desk, "equity:AAPL", TODAY - 710, TODAY - 650);
    assert_true(next(&desk, &chunk));
    assert_int_equal(chunk.days.to, TODAY - 700);
    assert_int_equal(work_off(&desk), 1);
    want(&desk, "equity:AAPL", TODAY - 600, TODAY - 500);
    assert_false(next(&desk, &chunk));
    desk_close(&desk);
}

static void failed_call_is_made_again_and_a_source_that_has_nothing_is_not(void **state)
{
    (void)state;
    struct desk desk = desk_open(0);
    struct chunk chunk;
    want(&desk, "equity:AAPL", 100, 200);
    want(&desk, "equity:MSFT", 100, 200);
    assert_true(next(&desk, &chunk));
    assert_null(requests_note(&desk.board, &chunk, OUTCOME_TIMEOUT, 0, 1));
    assert_null(requests_note(&desk.board, &chunk, OUTCOME_LIMITED, 0, 1));
    assert_true(next(&desk, &chunk));
    assert_string_equal(chunk.asset, "equity:AAPL");
    desk.barred = "equity:AAPL";
    assert_true(next(&desk, &chunk));
    assert_string_equal(chunk.asset, "equity:MSFT");
    desk.barred = NULL;
    const struct cover *cover = requests_note(&desk.board, &chunk, OUTCOME_DELISTED, 0, 1);
    assert_string_equal(cover->failure, "delisted");
    assert_int_equal(work_off(&desk), 1);
    desk_close(&desk);
}

static void history_under_another_symbol_is_another_history(void **state)
{
    (void)state;
    struct desk desk = desk_open(0);
    struct chunk chunk;
    const struct chunk old = {.source = "yahoo", .asset = "equity:AAPL", .symbol = "OLD", .days = {100, 200}};
    assert_non_null(requests_note(&desk.board, &old, OUTCOME_OK, 9, 1));
    want(&desk, "equity:AAPL", 100, 200);
    assert_true(next(&desk, &chunk));
    const struct cover *cover = requests_note(&desk.board, &chunk, OUTCOME_EMPTY, 0, 1);
    assert_int_equal(cover->bars, 0);
    assert_false(next(&desk, &chunk));
    desk_close(&desk);
}

/** The error of a call with these words; NULL when there is none. */
static const char *refusal(struct desk *desk, struct backfill_words words, struct error *error)
{
    struct days days;
    struct backfill_targets targets;
    error_clear(error);
    const bool ok = backfill_days(&words, TODAY * US_PER_DAY + 5, &days, error) &&
                    backfill_find_targets(desk->config, &words, days, &desk->arena, &targets, error);
    assert_true(ok || error->code == ERROR_USAGE);
    return ok ? NULL : error->message;
}

static void wrong_words_are_named(void **state)
{
    (void)state;
    struct desk desk = desk_open(0);
    struct error error = {0};
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.assets = "equity:AAPL"}, &error), "--from"));
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.from = "-10d"}, &error), "--assets"));
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.assets = "equity:APPL", .from = "-10d"}, &error),
                           "did you mean equity:AAPL?"));
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.assets = "bond:*", .from = "-10d"}, &error), "no configured"));
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.assets = "crypto:KRK", .from = "-10d"}, &error), "no symbol"));
    assert_non_null(
        strstr(refusal(&desk, (struct backfill_words){.assets = "crypto:*", .from = "-10d"}, &error), "means no asset"));
    assert_non_null(
        strstr(refusal(&desk, (struct backfill_words){.assets = "equity:*", .from = "-10d", .source = "kraken"}, &error),
               "no histories"));
    assert_non_null(strstr(
        refusal(&desk, (struct backfill_words){.assets = "equity:*", .from = "-10d", .source = "yaho"}, &error), "mean yahoo?"));
    assert_non_null(
        strstr(refusal(&desk, (struct backfill_words){.assets = "equity:*", .from = "-10d", .interval = "1h"}, &error), "1d"));
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.assets = "equity:*", .from = "now"}, &error), "not over"));
    assert_non_null(strstr(
        refusal(&desk, (struct backfill_words){.assets = "equity:*", .from = "-10d", .to = "2050-01-01"}, &error), "future"));
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.assets = "equity:*", .from = "-10d", .to = "-20d"}, &error),
                           "not before"));
    assert_non_null(strstr(refusal(&desk, (struct backfill_words){.assets = "equity:*", .from = "1800-01-01"}, &error), "1900"));
    assert_null(refusal(&desk, (struct backfill_words){.assets = "equity:*,crypto:*", .from = "1980-01-01"}, &error));
    desk_close(&desk);
}

static void patterns_and_ids_mean_each_asset_once(void **state)
{
    (void)state;
    struct desk desk = desk_open(0);
    struct error error = {0};
    struct backfill_targets targets;
    const struct backfill_words words = {.assets = "equity:MSFT, *"};
    const struct days days = {1, 2};
    assert_true(backfill_find_targets(desk.config, &words, days, &desk.arena, &targets, &error));
    assert_int_equal(targets.count, 2);
    assert_int_equal(targets.without_source, 1);
    assert_string_equal(targets.items[0].asset, "equity:MSFT");
    assert_string_equal(targets.items[0].source, "yahoo");
    assert_string_equal(targets.items[1].asset, "equity:AAPL");
    want(&desk, "equity:MSFT", 1, 5);
    want(&desk, "equity:AAPL", 1, 5);
    const struct backfill_words asked = {.assets = "equity:M*"};
    backfill_find_requests(desk.config, &desk.board, &asked, &desk.arena, &targets);
    assert_int_equal(targets.count, 1);
    assert_string_equal(targets.items[0].symbol, "MSFT");
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_assets_get_their_history_once),
        cmocka_unit_test(request_is_worked_off_in_chunks_and_only_what_is_missing),
        cmocka_unit_test(failed_call_is_made_again_and_a_source_that_has_nothing_is_not),
        cmocka_unit_test(history_under_another_symbol_is_another_history),
        cmocka_unit_test(wrong_words_are_named),
        cmocka_unit_test(patterns_and_ids_mean_each_asset_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
