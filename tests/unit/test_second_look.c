/* What later quotes say of earlier ones, judged in histories by the shipped rules. */
#include "tests/unit/validate_fixture.h"

#include "validate/second_look.h"

#define POLL_S 300
#define POLLS 40
#define SOURCES 3
#define FAULT 20

/** A history of polls of some sources, a few seconds apart, with small moves. */
struct history {
    struct look_quote quotes[POLLS * SOURCES];
    size_t sources;
    size_t count;
};

static struct history history_of(size_t sources)
{
    static const double moves[] = {0, 6e-4, -4e-4, 9e-4, -7e-4, 2e-4, -9e-4};
    static const char *const names[SOURCES] = {"a", "b", "c"};
    struct history history = {.sources = sources};
    for (size_t i = 0; i < POLLS; i++) {
        for (size_t s = 0; s < sources; s++) {
            const int64_t at_us = NOON_US + (int64_t)(i * POLL_S + s * 5) * US_PER_S;
            history.quotes[history.count++] = (struct look_quote){.source = str_from(names[s]),
                                                                  .currency = STR("USD"),
                                                                  .group = GROUP_OF_ITS_OWN,
                                                                  .observed_at_us = at_us,
                                                                  .observed_resolution_s = 1,
                                                                  .fetched_at_us = at_us,
                                                                  .price = 100 * (1 + moves[i % 7]),
                                                                  .verdict = VERDICT_PASS};
        }
    }
    return history;
}

static struct look_quote *at(struct history *history, size_t poll, size_t source)
{
    return &history->quotes[poll * history->sources + source];
}

static void make_suspect(struct look_quote *quote)
{
    quote->verdict = VERDICT_SUSPECT;
    quote->by_distance = true;
}

/** Looks; returns how many quotes are seen otherwise. */
static size_t look(struct history *history)
{
    struct error error = {0};
    struct rule_settings *settings = rule_settings_load(SOURCE_DIR "/config/rules.yaml", &error);
    assert_non_null(settings);
    second_look(history->quotes, history->count, MARKET_XNYS, rule_settings_for(settings, STR("equity:T")));
    rule_settings_free(settings);
    size_t changed = 0;
    for (size_t i = 0; i < history->count; i++)
        changed += history->quotes[i].look != LOOK_STANDS;
    return changed;
}

static void a_calm_history_stands(void **state)
{
    (void)state;
    for (size_t sources = 1; sources <= SOURCES; sources++) {
        struct history history = history_of(sources);
        assert_int_equal(look(&history), 0);
    }
}

static void a_wrong_price_that_came_first_is_refuted_by_those_behind_it(void **state)
{
    (void)state;
    struct history history = history_of(3);
    at(&history, FAULT, 0)->price *= 1.05;
    assert_int_equal(look(&history), 1);
    assert_int_equal(at(&history, FAULT, 0)->look, LOOK_REFUTED);
}

static void of_two_sources_the_one_that_left_and_came_back_is_refuted(void **state)
{
    (void)state;
    for (size_t run = 1; run <= 8; run++) {
        struct history history = history_of(2);
        for (size_t i = 0; i < run; i++)
            at(&history, FAULT + i, 0)->price *= 1.04;
        assert_int_equal(look(&history), run);
        assert_int_equal(at(&history, FAULT, 0)->look, LOOK_REFUTED);
    }
}

static void two_sources_that_part_for_good_stand(void **state)
{
    (void)state;
    struct history history = history_of(2);
    for (size_t i = FAULT; i < POLLS; i++)
        at(&history, i, 0)->price *= 1.04;
    assert_int_equal(look(&history), 0);
}

static void a_dispute_is_decided_when_one_comes_back(void **state)
{
    (void)state;
    struct history history = history_of(2);
    at(&history, FAULT, 0)->price *= 1.04;
    make_suspect(at(&history, FAULT, 0));
    make_suspect(at(&history, FAULT, 1));
    assert_int_equal(look(&history), 1);
    assert_int_equal(at(&history, FAULT, 1)->look, LOOK_CONFIRMED);
}

static void the_first_tick_of_a_crash_is_confirmed_by_the_second_source(void **state)
{
    (void)state;
    struct history history = history_of(2);
    for (size_t i = FAULT; i < POLLS; i++) {
        at(&history, i, 0)->price *= 0.7;
        at(&history, i, 1)->price *= 0.7;
    }
    make_suspect(at(&history, FAULT, 0));
    assert_int_equal(look(&history), 1);
    assert_int_equal(at(&history, FAULT, 0)->look, LOOK_CONFIRMED);
}

static void what_a_quote_says_against_itself_stands(void **state)
{
    (void)state;
    struct history history = history_of(3);
    at(&history, FAULT, 0)->verdict = VERDICT_SUSPECT; /* a bar that contradicts itself, say */
    assert_int_equal(look(&history), 0);
}

static void a_lone_source_is_refuted_beyond_a_jump_only(void **state)
{
    (void)state;
    struct history spike = history_of(1), move = history_of(1);
    at(&spike, FAULT, 0)->price *= 1.05;
    at(&move, FAULT, 0)->price *= 1.02; /* below the floor of jumps */
    assert_int_equal(look(&spike), 1);
    assert_int_equal(at(&spike, FAULT, 0)->look, LOOK_REFUTED);
    assert_int_equal(look(&move), 0);
}

static void a_lone_jump_is_confirmed_where_the_price_stays(void **state)
{
    (void)state;
    struct history history = history_of(1);
    for (size_t i = FAULT; i < POLLS; i++)
        at(&history, i, 0)->price *= 1.2;
    make_suspect(at(&history, FAULT, 0));
    at(&history, FAULT, 0)->by_jump = true;
    assert_int_equal(look(&history), 1);
    assert_int_equal(at(&history, FAULT, 0)->look, LOOK_CONFIRMED);
}

/** Puts a history of one source that stands still at night. */
static struct history night(void)
{
    struct history history = history_of(1);
    for (size_t i = 0; i < history.count; i++) {
        history.quotes[i].observed_at_us += 12 * 3600 * US_PER_S;
        history.quotes[i].fetched_at_us += 12 * 3600 * US_PER_S;
        history.quotes[i].price = 100;
    }
    return history;
}

static void a_price_that_leaves_its_figure_at_night_and_comes_back_to_it_is_refuted(void **state)
{
    (void)state;
    struct history wrong = night(), small = night(), elsewhere = night();
    for (size_t i = FAULT; i < FAULT + 5; i++) {
        at(&wrong, i, 0)->price = 101;
        at(&small, i, 0)->price = 100.4; /* below the floor of distances */
        at(&elsewhere, i, 0)->price = 101;
    }
    for (size_t i = FAULT + 5; i < POLLS; i++)
        at(&elsewhere, i, 0)->price = 100.01 + 0.01 * (double)(i % 3);
    assert_int_equal(look(&wrong), 5);
    assert_int_equal(look(&small), 0);
    assert_int_equal(look(&elsewhere), 0);
}

static void copies_of_one_upstream_do_not_outvote(void **state)
{
    (void)state;
    struct history history = history_of(3);
    for (size_t i = 0; i < POLLS; i++)
        at(&history, i, 1)->group = at(&history, i, 2)->group = 0;
    for (size_t i = FAULT; i < POLLS; i++)
        at(&history, i, 0)->price *= 1.05;
    assert_int_equal(look(&history), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_history_stands),
        cmocka_unit_test(a_wrong_price_that_came_first_is_refuted_by_those_behind_it),
        cmocka_unit_test(of_two_sources_the_one_that_left_and_came_back_is_refuted),
        cmocka_unit_test(two_sources_that_part_for_good_stand),
        cmocka_unit_test(a_dispute_is_decided_when_one_comes_back),
        cmocka_unit_test(the_first_tick_of_a_crash_is_confirmed_by_the_second_source),
        cmocka_unit_test(what_a_quote_says_against_itself_stands),
        cmocka_unit_test(a_lone_source_is_refuted_beyond_a_jump_only),
        cmocka_unit_test(a_lone_jump_is_confirmed_where_the_price_stays),
        cmocka_unit_test(a_price_that_leaves_its_figure_at_night_and_comes_back_to_it_is_refuted),
        cmocka_unit_test(copies_of_one_upstream_do_not_outvote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
