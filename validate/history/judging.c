#include "validate/history/judging.h"

#include "validate/raw_quote.h"

enum decode_status raw_bar_read(struct decoder *decoder, const rd_kafka_message_t *message, struct arena *arena, struct bar *bar,
                                struct raw_origin *origin, struct error *error)
{
    struct str body;
    const struct str value = {.ptr = message->payload, .len = message->len};
    const enum decode_status status = decoder_body(decoder, value, arena, &body, error);
    if (status != DECODE_OK)
        return status;
    if (!bar_decode(body, arena, bar, error))
        return DECODE_INVALID;
    const struct str texts[] = {bar->asset, bar->source, bar->symbol, bar->currency, bar->request_id};
    if (!raw_check_texts(texts, sizeof(texts) / sizeof(texts[0]), error))
        return DECODE_INVALID;
    *origin = raw_origin_of(message, bar->fetched_at_us);
    return DECODE_OK;
}

bool history_take(struct history *history, const struct bar *bar, const struct raw_origin *origin, struct arena *arena,
                  struct outputs *outputs, const struct output_sink *sink, struct bar_judgement *judgement, struct error *error)
{
    struct output_record record = {
        .output = OUTPUT_BARS, .partition = origin->partition, .key = bar->asset, .timestamp_ms = origin->timestamp_ms};
    bool put = true;
    history_judge(history, bar, origin, arena, judgement);
    for (size_t i = 0; put && i < judgement->clean_count; i++) {
        clean_bar_encode(&judgement->clean[i], outputs_begin(outputs, OUTPUT_BARS));
        put = outputs_end(outputs, sink, record, error);
    }
    record.output = OUTPUT_BAR_ANOMALIES;
    for (size_t i = 0; put && i < judgement->anomaly_count; i++) {
        anomaly_encode(&judgement->anomalies[i], outputs_begin(outputs, OUTPUT_BAR_ANOMALIES));
        put = outputs_end(outputs, sink, record, error);
    }
    return put;
}
