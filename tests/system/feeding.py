"""Clean quotes without ingest and validate, and what became of them."""

import hashlib
import subprocess

import bus

NOW = 1_000_000  # records per second: fetched_at is the time of writing, with no pause in between


def feeder(pipeline, count, rate=NOW):
    """The process that writes `count` quotes to quotes.clean."""
    argv = [pipeline.stack.bin / "quote_feeder", pipeline.stack.brokers, pipeline.topic("quotes.clean"), pipeline.schema_id("quotes.clean"),
            count, rate]
    return subprocess.Popen([str(word) for word in argv], stdout=subprocess.DEVNULL)


def feed(pipeline, count):
    assert feeder(pipeline, count).wait(60) == 0, "the feeder failed"


def fingerprint(rows):
    """Count and checksum of rows in any order; the same row twice does not cancel out."""
    total = 0
    count = 0
    for row in rows:
        digest = hashlib.blake2b("|".join(map(str, row)).encode(), digest_size=8).digest()
        total = (total + int.from_bytes(digest, "big")) % (1 << 64)
        count += 1
    return count, f"{total:016x}"


def of_topic(pipeline):
    """The fingerprint of what quotes.clean holds."""
    parsed = bus.schema("clean_quote")

    def row(record):
        quote = bus.decode(record, parsed)
        return (record.partition, record.offset, quote["asset"], quote["source"], round(quote["fetched_at"].timestamp() * 1e6),
                repr(quote["price"]), quote["request_id"])

    return fingerprint(row(record) for record in pipeline.read("quotes.clean"))


def of_table(pipeline):
    """The same of the table, read by a connection of its own."""
    rows = pipeline.sql("select clean_partition, clean_offset, a.id, s.name, (extract(epoch from fetched_at) * 1000000)::bigint, price, "
                        "request_id from quotebus.quote join quotebus.asset a using (asset_id) join quotebus.source s using (source_id)")
    return fingerprint((int(partition), int(offset), asset, source, int(at), repr(float(price)), request)
                       for partition, offset, asset, source, at, price, request in rows)


def check_each_once(pipeline):
    """Each record of the topic stands once in the table, as it is. Returns how many there are."""
    topic, table = of_topic(pipeline), of_table(pipeline)
    assert table == topic, f"(count, checksum) of the table {table}, of the topic {topic}"
    return topic[0]
