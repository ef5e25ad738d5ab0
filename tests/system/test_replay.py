"""replay: a part of a topic into files, another topic and the database, all at once or interrupted."""

import csv
import datetime
import json
import os
import signal
import subprocess
import time

import bus
import fastavro
from confluent_kafka.admin import AdminClient, NewTopic
from quotes import FETCHED_AT_US, clean_quote, produce, wait_stored

FAR_US = 3600 * 10 ** 6


def quotebus(pipeline, *args, check=True, env=None):
    return pipeline.stack.run("quotebus", *args, check=check, env=env)


def writer(pipeline):
    """The environment of somebody who may write to the database; the others read only."""
    return {"QUOTEBUS_POSTGRES_CONNINFO": pipeline.stack.conninfo_for("quotebus")}


def decoded(pipeline, topic="quotes.clean"):
    """Records of a topic with their values."""
    parsed = bus.schema("clean_quote")
    return [(record, bus.decode(record, parsed)) for record in pipeline.read(topic)]


def hourly(count):
    """One quote an hour, of three assets in turn."""
    return [clean_quote(i, asset=f"crypto:X{i % 3}", fetched_at=FETCHED_AT_US + i * FAR_US, raw_offset=i) for i in range(count)]


def make_topic(pipeline, name, partitions=3):
    admin = AdminClient({"bootstrap.servers": pipeline.stack.brokers})
    for made in admin.create_topics([NewTopic(pipeline.topic(name), partitions, 1, config={"retention.ms": "-1"})]).values():
        made.result(20)


def table(pipeline):
    """All rows of the quote table as text."""
    return pipeline.sql("select * from quotebus.quotes order by asset, source, fetched_at")


# ---- parts and files

def test_parts_that_adjoin_in_time_give_each_record_once(pipeline):
    produce(pipeline, hourly(90))
    cuts = ["start", "2026-01-03", "2026-01-03T12:00:00Z", "2026-01-04T00:04:05Z", "end"]
    seen = []
    for begin, end in zip(cuts, cuts[1:]):
        out = quotebus(pipeline, "replay", "quotes.clean", "--from", begin, "--to", end).stdout
        seen += [json.loads(line) for line in out.splitlines()]
    places = sorted((line["partition"], line["offset"]) for line in seen)
    assert places == [(record.partition, record.offset) for record in pipeline.read("quotes.clean")]
    times = [line["timestamp"] for line in seen]
    assert times == sorted(times), "records of all partitions come in the order of time"


def test_only_wanted_assets_and_partitions_come(pipeline):
    produce(pipeline, hourly(30))
    out = quotebus(pipeline, "replay", "quotes.clean", "--assets", "crypto:X0,crypto:X2").stdout
    assert {json.loads(line)["key"] for line in out.splitlines()} == {"crypto:X0", "crypto:X2"}
    records = pipeline.read("quotes.clean")
    partition = records[0].partition
    out = quotebus(pipeline, "replay", "quotes.clean", "--partition", str(partition), "--from", "@2", "--to", "@5").stdout
    places = [(line["partition"], line["offset"]) for line in map(json.loads, out.splitlines())]
    assert places == [(partition, offset) for offset in (2, 3, 4)]


def test_csv_has_a_column_per_field_and_reads_back_exactly(pipeline, tmp_path):
    awkward = clean_quote(7, symbol='a "quoted", text\r\nof two lines', request_id="", price=0.1 + 0.2, flags=["jump", "stale"], bid=1e-7)
    produce(pipeline, [*hourly(5), awkward])
    path = tmp_path / "quotes.csv"
    quotebus(pipeline, "replay", "quotes.clean", "--out", f"csv:{path}")
    text = path.read_bytes().decode()
    assert text.count("\r\n") == 1 + 6 + 1 and text.endswith("\r\n")
    rows = list(csv.DictReader(text.splitlines(keepends=True)))
    by_place = {(int(row["partition"]), int(row["offset"])): row for row in rows}
    for record, value in decoded(pipeline):
        row = by_place[record.partition, record.offset]
        assert row["symbol"] == value["symbol"] and row["request_id"] == value["request_id"]
        assert float(row["price"]) == value["price"]
        assert row["bid"] == "" if value["bid"] is None else float(row["bid"]) == value["bid"]
        assert json.loads(row["flags"]) == value["flags"]
        assert row["verdict"] == value["verdict"] and row["key"] == value["asset"]


def test_avro_container_file_holds_the_records_in_the_schema_of_the_topic(pipeline, tmp_path):
    produce(pipeline, hourly(500))
    path = tmp_path / "quotes.avro"
    quotebus(pipeline, "replay", "quotes.clean", "--out", f"avro:{path}")
    with open(path, "rb") as file:
        reader = fastavro.reader(file)
        values = list(reader)
        assert reader.metadata["avro.codec"] == "deflate"
        assert [field["name"] for field in reader.writer_schema["fields"]] == [field["name"] for field in bus.schema("clean_quote")["fields"]]

    assert all(isinstance(value["fetched_at"], datetime.datetime) for value in values)

    def key(value):
        return value["raw_offset"]
    assert sorted(values, key=key) == sorted((value for _, value in decoded(pipeline)), key=key)


def test_speed_plays_records_as_they_came(pipeline):
    produce(pipeline, [clean_quote(i, fetched_at=FETCHED_AT_US + i * 500000) for i in range(5)])
    began = time.monotonic()
    quotebus(pipeline, "replay", "quotes.clean", "--speed", "max")
    at_once = time.monotonic() - began
    began = time.monotonic()
    assert len(quotebus(pipeline, "replay", "quotes.clean", "--speed", "2x").stdout.splitlines()) == 5
    assert 0.9 < time.monotonic() - began - at_once + 0.2 < 3


def test_records_that_cannot_be_decoded_are_left_out_of_files_and_named(pipeline, tmp_path):
    produce(pipeline, hourly(3))
    pipeline.produce("quotes.clean", [(b"bad", b"plain text", None, FETCHED_AT_US // 1000)])
    for kind in ("csv", "avro"):
        done = quotebus(pipeline, "replay", "quotes.clean", "--out", f"{kind}:{tmp_path / kind}", check=False)
        assert done.returncode == 4 and "1 of them could not be used" in done.stderr, done.stderr


def test_wrong_arguments_are_named(pipeline):
    cases = [
        (["no.such.topic"], "no.such.topic"), (["quotes.clean", "--from", "-5"], "no part"), (["quotes.clean", "--out", "avro"], "FILE"),
        (["quotes.clean", "--out", "xml"], "json"), (["quotes.clean", "--speed", "fast"], "10x"),
        (["quotes.clean", "--out", "topic:quotes.clean"], "never end"), (["validate.state", "--out", "database"], "feeds no table"),
        (["quotes.clean", "--out", "topic:no.such"], "make it first"), (["quotes.clean", "--partition", "99"], "99"),
        (["quotes.clean", "--resume", "/no/such/folder/state"], "/no/such/folder/state"),
    ]
    for args, word in cases:
        done = quotebus(pipeline, "replay", *args, check=False)
        assert done.returncode in (1, 2) and word in done.stderr, (args, done.returncode, done.stderr)


# ---- targets

def test_topic_target_gets_records_as_they_were(pipeline):
    make_topic(pipeline, "copy", partitions=5)
    produce(pipeline, hourly(200))
    quotebus(pipeline, "replay", "quotes.clean", "--out", "topic:copy")
    source = sorted((record.key, record.value, record.timestamp) for record in pipeline.read("quotes.clean"))
    assert sorted((record.key, record.value, record.timestamp) for record in pipeline.read("copy")) == source


def test_database_target_mends_rows_and_leaves_equal_ones_alone(pipeline):
    pipeline.start(stages=("persist",))
    produce(pipeline, hourly(100))
    wait_stored(pipeline)
    assert pipeline.stack.stop_process("persist") == 0
    before = table(pipeline)
    untouched = pipeline.sql("select xmin, raw_offset from quotebus.quote where raw_offset >= 20 order by raw_offset")
    pipeline.sql("delete from quotebus.quote where raw_offset < 10; update quotebus.quote set price = 1 where raw_offset between 10 and 19")
    assert table(pipeline) != before
    quotebus(pipeline, "replay", "quotes.clean", "--out", "database", env=writer(pipeline))
    assert table(pipeline) == before
    assert pipeline.sql("select xmin, raw_offset from quotebus.quote where raw_offset >= 20 order by raw_offset") == untouched


# ---- interruption

def interrupted(pipeline, number, *args, after_s):
    """Starts a replay and ends it by a signal after a while. True: it was not complete yet."""
    argv = [str(pipeline.stack.bin / "quotebus"), "replay", *args]
    process = subprocess.Popen(argv, env={**os.environ, **pipeline.stack.config_env()}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        process.wait(20)
        return True
    assert process.returncode == 0, process.stderr.read()
    return False


def test_interrupted_runs_leave_each_record_once_in_topic_and_file(pipeline, tmp_path):
    make_topic(pipeline, "copy", partitions=5)
    produce(pipeline, [clean_quote(i, asset=f"crypto:X{i % 7}", fetched_at=FETCHED_AT_US + i * 10000) for i in range(1000)])
    outs = {"topic:copy": "a", f"json:{tmp_path / 'out.json'}": "b", f"avro:{tmp_path / 'out.avro'}": "c", f"csv:{tmp_path / 'out.csv'}": "d"}
    for out, name in outs.items():
        state = tmp_path / f"{name}.state"
        args = ["quotes.clean", "--out", out, "--resume", str(state)]
        cut = sum(interrupted(pipeline, number, *args, "--speed", "2x", after_s=2) for number in (signal.SIGKILL, signal.SIGINT))
        assert cut, f"{out} was never interrupted"
        quotebus(pipeline, "replay", *args)
        assert json.loads(state.read_text())["complete"]
        assert "complete" in quotebus(pipeline, "replay", *args).stderr
    source = sorted((record.key, record.value, record.timestamp) for record in pipeline.read("quotes.clean"))
    assert sorted((record.key, record.value, record.timestamp) for record in pipeline.read("copy")) == source
    lines = [json.loads(line) for line in (tmp_path / "out.json").read_text().splitlines()]
    places = sorted((record.partition, record.offset) for record in pipeline.read("quotes.clean"))
    assert sorted((line["partition"], line["offset"]) for line in lines) == places
    with open(tmp_path / "out.avro", "rb") as file:
        assert sorted(value["raw_offset"] for value in fastavro.reader(file)) == list(range(1000))
    with open(tmp_path / "out.csv", newline="") as file:
        assert sorted(int(row["raw_offset"]) for row in csv.DictReader(file)) == list(range(1000))


def test_state_file_of_another_replay_is_refused(pipeline, tmp_path):
    produce(pipeline, hourly(3))
    state = tmp_path / "state"
    quotebus(pipeline, "replay", "quotes.clean", "--resume", str(state), "--out", f"json:{tmp_path / 'a'}")
    done = quotebus(pipeline, "replay", "quotes.raw", "--resume", str(state), "--out", f"json:{tmp_path / 'a'}", check=False)
    assert done.returncode == 2 and "belongs to a replay of" in done.stderr
    state.write_text("{}")
    assert quotebus(pipeline, "replay", "quotes.clean", "--resume", str(state), check=False).returncode == 2
