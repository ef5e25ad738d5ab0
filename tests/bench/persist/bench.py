"""Rows per second of persist, from Kafka into the real, partitioned, keyed table, and what else there is to compare with.

    tests/run bench persist [--rows N] [--rounds N] [--json]     persist against psql's \\copy of the same rows
    tests/run bench persist --full [--json]                      and against the Debezium JDBC sink and a Python consumer
    tests/run bench persist --latency [--json]                   time to the committed row at 1,000 quotes/s

All runs of one call stand on the same Kafka and PostgreSQL, started for it. \\copy loads the very rows that persist stored, in the
order they lie in the table, into the emptied table. The slow comparisons work on the first part of the same topic. The last line
with --json is one object.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "compose" / "lib"), str(ROOT / "tests" / "system"), str(ROOT / "tests" / "bench" / "debezium"),
                str(pathlib.Path(__file__).parent)]

import latency  # noqa: E402
import rivals  # noqa: E402
from ground import Ground  # noqa: E402


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure_round(ground, rows):
    """persist, then \\copy of what it stored."""
    ground.empty()
    mine = ground.run_persist(rows)
    say(f"  persist:  {mine['rows_per_s']:>9,.0f} rows/s, {mine['cpu_s_per_million']:.2f} CPU s per million rows "
        f"({mine['backend_cpu_s_per_million']:.2f} in PostgreSQL), {mine['peak_rss_mb']:.1f} MB at most, "
        f"PostgreSQL had work for {mine['writing_share']:.0%} of the time")
    ground.export_rows()
    ground.empty()
    copy, copy_cpu_s = ground.run_copy(rows)
    say(f"  \\copy:    {copy:>9,.0f} rows/s, {copy_cpu_s:.2f} CPU s per million rows in PostgreSQL   ratio {mine['rows_per_s'] / copy:.3f}")
    return {**mine, "copy_rows_per_s": copy, "copy_cpu_s_per_million": copy_cpu_s, "ratio_to_copy": mine["rows_per_s"] / copy}


def measure(ground, options):
    """The rounds; the median of each figure."""
    say(f"{options.rows:,} quotes into {ground.topic}: {ground.feed(options.rows):,.0f} records/s")
    say("  not counted, while caches and the broker warm up:")
    measure_round(ground, options.rows)
    rounds = [measure_round(ground, options.rows) for _ in range(options.rounds)]
    found = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    found["peak_rss_mb"] = max(one["peak_rss_mb"] for one in rounds)
    return {"rows": options.rows, "rounds": options.rounds, **{name: round(value, 3) for name, value in found.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="of persist and \\copy; the median counts")
    parser.add_argument("--sample", type=int, default=200_000, help="rows of the slow comparisons")
    parser.add_argument("--full", action="store_true", help="the slow comparisons too")
    parser.add_argument("--latency", action="store_true", help="latency at a fixed rate instead")
    parser.add_argument("--rate", type=int, default=1000, help="quotes per second of --latency")
    parser.add_argument("--seconds", type=int, default=30, help="of --latency")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="quotebus-bench-"))
    folder.chmod(0o755)
    ground = Ground(folder, ROOT / "build" / "release" / "bin")
    try:
        ground.start()
        if options.latency:
            found = latency.measure(ground, options.rate, options.seconds, say)
        else:
            found = measure(ground, options)
            if options.full:
                found.update(rivals.measure(ground, options.sample, found["rows_per_s"], say))
    finally:
        ground.stop()
        if os.environ.get("QUOTEBUS_KEEP"):
            say(f"state and logs are kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
