/*
 * libquotebus: typed quotes and prices of a quotebus pipeline for C programs.
 *
 *     char error[QUOTEBUS_ERROR_MAX];
 *     const char *const assets[] = {"crypto:BTC", NULL};
 *     const struct quotebus_options options = {.size = sizeof(options), .brokers = "127.0.0.1:9092",
 *         .registry_url = "http://127.0.0.1:8081/apis/ccompat/v7", .assets = assets, .start = QUOTEBUS_START_TIME,
 *         .start_time_us = noon_us};
 *     struct quotebus *bus = quotebus_open(&options, error);
 *     struct quotebus_record record;
 *     while (bus && quotebus_next(bus, 1000, &record) != QUOTEBUS_FAILED) ...
 *     quotebus_close(bus);
 *
 * Reads quotes.clean or prices.consensus with isolation level read_committed, so that nothing of an aborted transaction is seen.
 * Schemas are resolved by Avro's rules: a pipeline with newer schemas is read as long as they are compatible.
 *
 * Without a group a reader sees all partitions and keeps no position. With a group the partitions are shared among its members,
 * and quotebus_commit keeps the position at the broker: what was not committed comes again after a crash (at least once).
 *
 * Ownership: everything in a record is the library's and valid until the next call with the same handle. Threads: a handle
 * belongs to one thread at a time; several handles are independent. Nothing is printed.
 *
 * pkg-config: quotebus. Link with -lquotebus.
 */
#ifndef QUOTEBUS_H
#define QUOTEBUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Room for an error's text. */
#define QUOTEBUS_ERROR_MAX 512

struct quotebus;

/** What is read. */
enum quotebus_topic {
    QUOTEBUS_QUOTES, /**< quotes.clean: every quote with its verdict */
    QUOTEBUS_PRICES, /**< prices.consensus: the price that the sources of an asset agree on */
};

/** Where reading begins, in each partition. */
enum quotebus_start {
    QUOTEBUS_START_COMMITTED, /**< with a group: where it stopped, else at the beginning. Without one: the end */
    QUOTEBUS_START_BEGINNING,
    QUOTEBUS_START_END,
    QUOTEBUS_START_TIME, /**< the first record fetched at start_time_us or later */
};

enum quotebus_verdict { QUOTEBUS_PASS, QUOTEBUS_SUSPECT, QUOTEBUS_REJECT };

/** A bit per verdict, for options.verdicts. */
#define QUOTEBUS_VERDICT_BIT(verdict) (1u << (verdict))

/** All texts are copied by quotebus_open. */
struct quotebus_options {
    size_t size;                   /**< sizeof(struct quotebus_options), so that later versions know which fields there are */
    const char *brokers;           /**< host:port[,host:port...] */
    const char *registry_url;      /**< Confluent-compatible base of the schema registry */
    const char *topic_prefix;      /**< of the pipeline (kafka.topic_prefix); NULL: none */
    const char *const *properties; /**< more librdkafka settings, `name=value`, ended by NULL: TLS, SASL; NULL: none */
    enum quotebus_topic topic;
    const char *group;         /**< consumer group; NULL: none */
    const char *const *assets; /**< only these asset ids, ended by NULL; NULL: all */
    unsigned verdicts;         /**< only these verdicts (QUOTEBUS_VERDICT_BIT); 0: all */
    enum quotebus_start start;
    int64_t start_time_us; /**< microseconds since the epoch, UTC */
};

/** A judged quote. Prices are in `currency`, never in a minor unit. What a source did not give is NAN. */
struct quotebus_quote {
    const char *asset;    /**< class:CODE, e.g. crypto:BTC */
    const char *source;   /**< provider */
    const char *symbol;   /**< the asset's symbol there */
    const char *currency; /**< ISO 4217, or a coin's code */
    double price, bid, ask, open, high, low, previous_close;
    double volume;          /**< shares of the session; for crypto turnover of 24 h, as the source counts it */
    double market_cap;      /**< in `currency` */
    int64_t observed_at_us; /**< the source's time, microseconds since the epoch */
    int64_t fetched_at_us;  /**< when the response was complete */
    enum quotebus_verdict verdict;
    const char *const *flags; /**< names of the rules that fired, ended by NULL */
    size_t flag_count;
    double reference_price; /**< median of the other sources it was compared with */
    double deviation_bps;   /**< signed distance from it, basis points */
    double score;           /**< 1 unremarkable, down to 0 */
    int source_count;       /**< fresh independent sources at that moment */
};

/** A consensus price. */
struct quotebus_price {
    const char *asset;
    const char *currency;
    double price;
    double confidence; /**< half width of the band around price, in `currency` */
    int source_count;
    int64_t observed_at_us; /**< newest observation used */
    int64_t as_of_us;       /**< fetch time of the quote that gave this price */
};

struct quotebus_record {
    enum quotebus_topic kind; /**< which one of the two is filled in */
    struct quotebus_quote quote;
    struct quotebus_price price;
    int32_t partition; /**< where it stands in its topic */
    int64_t offset;
};

enum quotebus_result {
    QUOTEBUS_RECORD,
    QUOTEBUS_IDLE,    /**< nothing came within the time, or the registry does not answer now: call again */
    QUOTEBUS_INVALID, /**< a record that cannot be decoded was passed over; quotebus_error says which and why */
    QUOTEBUS_FAILED,  /**< for good; quotebus_error says why: close and open anew */
};

/** Version of the library, e.g. "0.1.0". */
const char *quotebus_version(void);
/** Connects. NULL on failure, with its text in error[QUOTEBUS_ERROR_MAX] (may be NULL). Takes some seconds when no broker
 * answers. */
struct quotebus *quotebus_open(const struct quotebus_options *options, char *error);
/** Leaves the group and frees all. NULL is fine. Takes up to some seconds with a group. */
void quotebus_close(struct quotebus *bus);
/** The next record that the filters let through, waiting up to `timeout_ms` (0 to 60,000). */
enum quotebus_result quotebus_next(struct quotebus *bus, int timeout_ms, struct quotebus_record *record);
/**
 * Keeps the position behind the record that quotebus_next gave last, and behind all it passed over, at the broker; waits for it.
 * 0, or -1 when there is no group or the commit failed (a rebalance: the new owner reads them again).
 */
int quotebus_commit(struct quotebus *bus);
/** Text of the last failure, or "". */
const char *quotebus_error(const struct quotebus *bus);

#ifdef __cplusplus
}
#endif

#endif
