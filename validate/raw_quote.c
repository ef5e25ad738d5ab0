#include "validate/raw_quote.h"

/** Longest text of a quote that is judged; longer ones are garbage that would not fit into its clean record. */
#define TEXT_MAX 1024

/** Whether all texts of the quote are short enough to be carried on. */
static bool check_texts(const struct quote *quote, struct error *error)
{
    const size_t lengths[] = {quote->asset.len,    quote->source.len,     quote->symbol.len,
                              quote->currency.len, quote->request_id.len, quote->usd_rate_source.value.len};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        if (lengths[i] > TEXT_MAX)
            return error_cause(error, ERROR_INVALID, "too_large", "a text of the quote has %zu bytes; at most %d are judged",
                               lengths[i], TEXT_MAX);
    }
    return true;
}

/**
 * The record time stamp of what is made from a quote: its fetched_at. Not later than that of the raw record, since a broker
 * refuses times far ahead, and not before 1 ms, since librdkafka takes 0 for "now".
 */
static int64_t output_timestamp_ms(const rd_kafka_message_t *message, const struct quote *quote)
{
    const int64_t fetched_ms = quote->fetched_at_us / US_PER_MS;
    const int64_t raw_ms = rd_kafka_message_timestamp(message, NULL);
    const int64_t capped_ms = raw_ms > 0 && fetched_ms > raw_ms ? raw_ms : fetched_ms;
    return capped_ms > 0 ? capped_ms : 1;
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
    *origin = (struct raw_origin){
        .partition = message->partition, .offset = message->offset, .timestamp_ms = output_timestamp_ms(message, quote)};
    return DECODE_OK;
}
