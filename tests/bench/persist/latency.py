"""Time from a quote's birth to its committed row, at a fixed rate.

Two witnesses: persist's own histogram, and a connection of ours that looks at the committed offsets every few milliseconds. The feeder takes
fetched_at right before it produces, so the way through the broker is in both.
"""

import re
import statistics
import time
import urllib.request

WARM_UP_S = 3
LOOK_S = 0.004


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def own_histogram(port):
    """Cumulative counts by upper bound in seconds."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return {float(bound.replace("+Inf", "inf")): int(float(count)) for bound, count in
            re.findall(r'^quotebus_persist_latency_seconds_bucket\{le="([^"]+)"\} (\S+)$', text, re.M)}


def own_percentile(before, after, share):
    """Upper bound of the bucket in which a share of the observations between two looks ends, ms."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in after}
    total = counts[float("inf")]
    return 1000 * min(bound for bound, count in sorted(counts.items()) if count >= share * total)


def watch(connection, topic, until):
    """Looks until then: (time, {partition: next offset}) of each look at the committed offsets."""
    looks = []
    while time.monotonic() < until:
        rows = connection.execute("select partition, next_offset, extract(epoch from clock_timestamp())::float8 "
                                  "from quotebus.stream_offset where topic = %s", [topic]).fetchall()
        looks.append((rows[0][2], {partition: offset for partition, offset, _ in rows}))
        time.sleep(LOOK_S)
    return looks


def ages(connection, looks):
    """Seconds from fetched_at of each quote that was stored during the looks to the first look that shows it."""
    first, last = looks[0][1], looks[-1][1]
    found = []
    for partition in first:
        rows = connection.execute("select clean_offset, extract(epoch from fetched_at)::float8 from quotebus.quote where clean_partition = %s "
                                  "and clean_offset >= %s and clean_offset < %s order by 1", [partition, first[partition], last[partition]])
        look = iter(looks)
        seen_at, nexts = next(look)
        for offset, fetched_at in rows:
            while nexts[partition] <= offset:
                seen_at, nexts = next(look)
            found.append(seen_at - fetched_at)
    return found


def measure(ground, rate, seconds, say):
    """Feeds at the rate and watches; figures in milliseconds."""
    ground.stack.start_stage("persist")
    ground.stack.wait_ready(("persist",))
    port = ground.stack.ports["persist"]
    feeder = ground.feeder(rate * (seconds + WARM_UP_S + 1), rate)
    time.sleep(WARM_UP_S)
    before = own_histogram(port)
    looks = watch(ground.watch, ground.topic, time.monotonic() + seconds)
    after = own_histogram(port)
    feeder.wait()
    latencies = ages(ground.watch, looks)
    found = {"rate_per_s": rate, "rows_seen": len(latencies), "p50_ms": 1000 * statistics.median(latencies),
             "p99_ms": 1000 * percentile(latencies, 0.99), "max_ms": 1000 * max(latencies),
             "own_p50_ms": own_percentile(before, after, 0.5), "own_p99_ms": own_percentile(before, after, 0.99)}
    ground.stack.stop_process("persist")
    say(f"  {rate:,} quotes/s: p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms, max {found['max_ms']:.1f} ms as seen from outside; "
        f"by persist's own histogram p50 <= {found['own_p50_ms']:.1f} ms, p99 <= {found['own_p99_ms']:.1f} ms")
    return {name: round(value, 1) for name, value in found.items()}
