#include "validate/raw_quote.h"

bool raw_check_texts(const struct str *texts, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (texts[i].len > RAW_TEXT_MAX)
            return error_cause(error, ERROR_INVALID, "too_large", "a text of the record has %zu bytes; at most %d are judged",
                               texts[i].len, RAW_TEXT_MAX);
    }
    return true;
}

/** Whether all texts of the quote are short enough to be carried on. */
static bool check_texts(const struct quote *quote, struct error *error)
{
    const struct str texts[] = {quote->asset,    quote->source,     quote->symbol,
                                quote->currency, quote->request_id, quote->usd_rate_source.value};
    return raw_check_texts(texts, sizeof(texts) / sizeof(texts[0]), error);
}

struct raw_origin raw_origin_of(const rd_kafka_message_t *message, int64_t fetched_at_us)
{
    const int64_t fetched_ms = fetched_at_us / US_PER_MS;
    const int64_t raw_ms = rd_kafka_message_timestamp(message, NULL);
    const int64_t capped_ms = raw_ms > 0 && fetched_ms > raw_ms ? raw_ms : fetched_ms;
    return (struct raw_origin){
        .partition = message->partition, .offset = message->offset, .timestamp_ms = capped_ms > 0 ? capped_ms : 1};
}

enum decode_status raw_quote_read(struct decoder *decoder, const rd_kafka_message_t *message, struct arena *arena,
                                  struct quote *quote, struct raw_origin *origin, struct error *error)
{
    struct str body;
    const struct str value = {.ptr = message->payload, .len = message->len};
    const enum decode_status status = decoder_body(decoder, value, arena, &body, error);
    if (status != DECODE_OK)
        return status;
    if (!quote_decode(body, arena, quote, error) || !check_texts(quote, error))
        return DECODE_INVALID;
    *origin = raw_origin_of(message, quote->fetched_at_us);
    return DECODE_OK;
}
