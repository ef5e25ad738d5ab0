"""rebuild: tables anew from their topics, beside the live ones, while persist goes on."""

import json
import os
import subprocess
import threading

from pipeline import wait_for
from quotes import DAY_US, FETCHED_AT_US, clean_quote, produce, wait_stored


def rebuild(pipeline, *args, status=0):
    """Runs it as somebody who may; returns its lines."""
    done = pipeline.stack.run("quotebus", "rebuild", "--json", *args, check=False,
                              env={"QUOTEBUS_POSTGRES_CONNINFO": pipeline.stack.conninfo_for("admin")})
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def spread(first, count):
    """Quotes of five assets over three days."""
    return [clean_quote(i, asset=f"crypto:X{i % 5}", fetched_at=FETCHED_AT_US + (i % 3) * DAY_US + i) for i in range(first, first + count)]


def rows(pipeline):
    return pipeline.sql("select * from quotebus.quotes order by raw_offset, clean_partition, clean_offset")


def schemas(pipeline):
    return {name for name, in pipeline.sql("select nspname from pg_namespace where nspname like 'quotebus%'")}


def test_rebuilt_tables_equal_the_live_ones_and_take_their_place_while_persist_goes_on(pipeline):
    pipeline.start(stages=("persist",))
    produce(pipeline, spread(0, 3000))
    wait_stored(pipeline)
    stop = threading.Event()
    sent = [3000]

    def go_on():
        while not stop.is_set():
            produce(pipeline, spread(sent[0], 50))
            sent[0] += 50
    sender = threading.Thread(target=go_on)
    sender.start()
    try:
        pipeline.wait_rows(3001)
        (line,), _ = rebuild(pipeline, "--table", "quote")
    finally:
        stop.set()
        sender.join()
    assert line["equal"] and line["swapped"] and line["live_rows"] == line["rebuilt_rows"] > 3000, line
    produce(pipeline, spread(sent[0], 500))
    wait_stored(pipeline)
    numbers = [int(number) for number, in pipeline.sql("select raw_offset from quotebus.quotes order by 1")]
    assert numbers == list(range(sent[0] + 500)), "each record is one row, before, during and after the swap"
    assert schemas(pipeline) == {"quotebus"}
    owners = pipeline.sql("select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'quotebus'::regnamespace")
    assert owners == [["quotebus_owner"]]
    assert pipeline.sql("select count(*) from pg_constraint where conname = 'rebuilt_day'") == [["0"]]
    reader = pipeline.stack.run("quotebus", "status", "--json")
    assert reader.returncode == 0


def test_all_tables_of_a_whole_pipeline_are_rebuilt_equal(pipeline):
    pipeline.start()
    pipeline.wait_rows(400)
    pipeline.stop_ingest()
    pipeline.settle()
    prices = pipeline.sql("select * from quotebus.latest_prices order by asset")
    lines, _ = rebuild(pipeline)
    assert all(line["equal"] and line["swapped"] for line in lines), lines
    counts = {line["table"]: line["rebuilt_rows"] for line in lines}
    assert {"quote", "anomaly", "consensus", "health_event"} <= set(counts)
    assert all(counts[name] == pipeline.count(name) for name in counts)
    assert counts["quote"] >= 400 and counts["consensus"] > 0 and counts["health_event"] > 0
    assert pipeline.sql("select * from quotebus.latest_prices order by asset") == prices
    pipeline.check_exactly_once()


def test_damaged_table_is_found_and_mended(pipeline):
    pipeline.start(stages=("persist",))
    produce(pipeline, spread(0, 900))
    wait_stored(pipeline)
    before = rows(pipeline)
    (line,), _ = rebuild(pipeline, "--table", "quote", "--check")
    assert line["equal"] and not line["swapped"]
    pipeline.sql("delete from quotebus.quote where raw_offset = 7; update quotebus.quote set price = 1 where raw_offset = 8")
    damaged = rows(pipeline)
    (line,), why = rebuild(pipeline, "--table", "quote", status=4)
    assert not line["equal"] and line["live_rows"] == 899 and line["rebuilt_rows"] == 900 and "--force" in why
    assert rows(pipeline) == damaged
    (line,), _ = rebuild(pipeline, "--table", "quote", "--force", "--keep")
    assert line["swapped"]
    assert rows(pipeline) == before
    kept = {name for name, in pipeline.sql("select relname from pg_class where relnamespace = 'quotebus_before'::regnamespace")}
    assert {"quote_20260102", "quote_20260103", "quote_20260104"} <= kept
    (line,), _ = rebuild(pipeline, "--table", "quote", "--check")
    assert line["equal"] and schemas(pipeline) == {"quotebus"}


def test_rows_of_records_before_the_start_stay_as_they_are(pipeline):
    pipeline.start(stages=("persist",))
    quotes = [clean_quote(i, asset="crypto:X0", fetched_at=FETCHED_AT_US + i * DAY_US // 100) for i in range(300)]
    produce(pipeline, quotes)
    wait_stored(pipeline)
    before = rows(pipeline)
    pipeline.sql("update quotebus.quote set price = 1 where raw_offset in (10, 110, 250)")
    cut = 150  # in the middle of the second day
    (line,), _ = rebuild(pipeline, "--table", "quote", "--force", "--from", f"@{cut}")
    assert line["live_rows"] == line["rebuilt_rows"] == 150 and not line["equal"]
    after = rows(pipeline)
    changed = [number for number, (one, other) in enumerate(zip(before, after)) if one != other]
    assert len(after) == 300 and changed == [10, 110], "the covered row was mended, the others were left"


def test_killed_rebuild_leaves_the_live_tables_and_the_next_one_succeeds(pipeline):
    pipeline.start(stages=("persist",))
    produce(pipeline, spread(0, 300))
    wait_stored(pipeline)
    before = rows(pipeline)
    env = {**os.environ, **pipeline.stack.config_env("admin"), "QUOTEBUS_FAIL": "rebuild.before_commit"}
    done = subprocess.run([str(pipeline.stack.bin / "quotebus"), "rebuild", "--table", "quote"], env=env, capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode not in (0, 1, 2, 3, 4), done.stderr
    wait_for(lambda: rows(pipeline) == before, 10, "the live rows are as they were")
    produce(pipeline, spread(300, 50))
    wait_stored(pipeline)
    (line,), _ = rebuild(pipeline, "--table", "quote")
    assert line["equal"] and line["swapped"] and line["rebuilt_rows"] == 350


def test_login_without_rights_is_told(pipeline):
    pipeline.start(stages=("persist",))
    produce(pipeline, spread(0, 3))
    wait_stored(pipeline)
    done = pipeline.stack.run("quotebus", "rebuild", check=False)
    assert done.returncode in (1, 3) and "owner of schema quotebus" in done.stderr, (done.returncode, done.stderr)
