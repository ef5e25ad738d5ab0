/* fundamentals.raw -> fundamentals.clean: what one source says about a company or a coin. */
#include "base/clock.h"
#include "validate/raw_quote.h"
#include "validate/streams/stream.h"

/** Days by which a quarter may end after the fetch: time zones. */
#define AHEAD_DAYS 1

/** Whether all amounts are finite and none is below 0. */
static bool check_amounts(const struct fundamentals *company, struct error *error)
{
    const struct {
        const char *name;
        struct opt_double amount;
    } amounts[] = {
        {"market_cap", company->market_cap},
        {"shares_outstanding", company->shares_outstanding},
        {"shares_total", company->shares_total},
        {"shares_max", company->shares_max},
        {"dividend_per_share", company->dividend_per_share},
        {"dividend_yield", company->dividend_yield},
        {"high_52w", company->high_52w},
        {"low_52w", company->low_52w},
    };
    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
        if (!figure_is_amount(amounts[i].amount))
            return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "%s is %g", amounts[i].name, amounts[i].amount.value);
    }
    return true;
}

/** Whether the ratios, which may be below 0, are finite. */
static bool check_ratios(const struct fundamentals *company, struct error *error)
{
    const struct opt_double ratios[] = {company->eps,        company->pe_ratio,      company->forward_pe,
                                        company->peg_ratio,  company->price_to_book, company->price_to_sales,
                                        company->book_value, company->beta,          company->revenue,
                                        company->ebitda,     company->profit_margin};
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        if (!figure_is_finite(ratios[i]))
            return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "a ratio is %g", ratios[i].value);
    }
    return true;
}

/** Whether the record is about something, and of a time that has been. */
static bool check_frame(const struct fundamentals *company, struct error *error)
{
    const struct str texts[] = {company->asset, company->source, company->symbol, company->currency, company->request_id};
    if (!raw_check_texts(texts, sizeof(texts) / sizeof(texts[0]), error))
        return false;
    if (company->asset.len == 0 || company->source.len == 0)
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "asset or source is empty");
    if (company->high_52w.set && company->low_52w.set && company->low_52w.value > company->high_52w.value)
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "low_52w is above high_52w");
    if (company->latest_quarter.set && company->latest_quarter.value > time_day_of_us(company->fetched_at_us) + AHEAD_DAYS)
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "latest_quarter had not ended when the record was fetched");
    return true;
}

/** judge of the stream. */
static bool judge(struct str body, const struct stream_origin *origin, struct arena *arena, struct buf *out,
                  struct stream_result *result, struct error *error)
{
    struct fundamentals company;
    if (!fundamentals_decode(body, arena, &company, error) || !check_frame(&company, error) || !check_amounts(&company, error) ||
        !check_ratios(&company, error))
        return false;
    company.verdict = (struct opt_verdict){.set = true, .value = VERDICT_PASS};
    company.rules_version = SOME_STR(origin->rules_version);
    company.raw_partition = SOME_INT(origin->partition);
    company.raw_offset = SOME_LONG(origin->offset);
    fundamentals_encode(&company, out);
    *result = (struct stream_result){.key = company.asset, .fetched_at_us = company.fetched_at_us};
    return true;
}

const struct stream stream_fundamentals = {
    .raw = "fundamentals.raw", .schema_json = fundamentals_schema_json, .clean = OUTPUT_FUNDAMENTALS, .judge = judge};
