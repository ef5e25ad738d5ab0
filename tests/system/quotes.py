"""Records of quotes.clean made by hand, for tests of what comes behind it."""

import bus
from pipeline import wait_for

FETCHED_AT_US = 1767323045000000  # 2026-01-02T03:04:05Z
DAY_US = 86400 * 10 ** 6


def clean_quote(number, **changes):
    """One record of quotes.clean; each number is a poll of its own."""
    return {"asset": "crypto:BTC", "source": "coingecko", "symbol": "bitcoin", "currency": "USD", "price": 64000.5 + number,
            "observed_at": FETCHED_AT_US + number, "observed_resolution_s": 1, "fetched_at": FETCHED_AT_US + number,
            "request_id": f"r-{number}", "unit_factor": 1.0, "verdict": "PASS", "flags": [], "score": 1.0, "source_count": 1,
            "rules_version": "test", "raw_partition": 0, "raw_offset": number, **changes}


def produce(pipeline, quotes):
    """Writes them to quotes.clean, with their fetch time as validate does."""
    parsed, number = bus.schema("clean_quote"), pipeline.schema_id("quotes.clean")
    return pipeline.produce("quotes.clean", [(quote["asset"].encode(), bus.encode(number, parsed, quote), None, quote["fetched_at"] // 1000)
                                             for quote in quotes])


def wait_stored(pipeline):
    """Waits until all of quotes.clean is behind persist."""
    ends = {}
    for record in pipeline.read("quotes.clean"):
        ends[record.partition] = record.offset + 1
    topic = pipeline.topic("quotes.clean")

    def stored():
        rows = pipeline.sql(f"select partition, next_offset from quotebus.stream_offset where topic = '{topic}'")
        return {int(partition): int(offset) for partition, offset in rows if int(offset)} == ends
    wait_for(stored, 30, "persist has stored the topic")
