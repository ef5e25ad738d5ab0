"""Judging again, trying rules, changing them while the stage runs, and the reports of every ten minutes."""

import collections
import json
import random
import re
import signal
import time

import bus
import confluent_kafka as kafka
import pytest
from pipeline import wait_for
from stack import ROOT

WINDOW_US = 600_000_000
# Recent, so that no retention takes the records away, and the begin of a window.
START_US = (int(time.time() * 1_000_000) - 4 * 3600 * 1_000_000) // WINDOW_US * WINDOW_US
ASSETS = {"equity:AAPL": "USD", "equity:MSFT": "USD", "crypto:BTC": "USD", "crypto:ETH": "USD", "fx:EURUSD": "USD"}
SOURCES = ("one", "two", "three")
OUTPUTS = {"quotes.clean": "clean_quote", "quotes.anomalies": "anomaly", "prices.consensus": "consensus_price", "validate.reports": "report"}


def quotes(count, begin, seed):
    """Quotes of a quiet market, 10 s apart, with a wild price now and then."""
    chance = random.Random(seed)
    for number in range(begin, begin + count):
        asset, at_us = list(ASSETS)[number % len(ASSETS)], START_US + number * 10_000_000
        price = (100 + number * 0.001 + chance.random() * 0.05) * (1.5 if chance.random() < 0.05 else 1)
        yield {"asset": asset, "source": chance.choice(SOURCES), "symbol": asset, "currency": ASSETS[asset], "price": round(price, 4),
               "observed_at": at_us, "observed_resolution_s": 1, "fetched_at": at_us, "request_id": f"r{number}", "unit_factor": 1.0}


class Ops:
    """A pipeline of validate alone, fed by hand, with a rule file of its own."""

    def __init__(self, pipeline, folder):
        self.pipeline, self.stack = pipeline, pipeline.stack
        self.rules = folder / "rules.yaml"
        self.rules.write_text(re.sub(r"(?m)^version: .*$", "version: first", (ROOT / "config" / "rules.yaml").read_text()))
        self.produced = 0

    def start(self):
        self.stack.start_stage("validate", env={"QUOTEBUS_VALIDATE_RULES_FILE": str(self.rules)})
        self.stack.wait_ready(("validate",))

    def feed(self, count):
        schema_id, parsed = self.pipeline.schema_id("quotes.raw"), bus.schema("quote")
        rows = [(quote["asset"].encode(), bus.encode(schema_id, parsed, quote)) for quote in quotes(count, self.produced, count + self.produced)]
        self.pipeline.produce("quotes.raw", rows)
        self.produced += count
        wait_for(lambda: len(self.pipeline.read("quotes.clean")) >= self.produced, 30, f"{self.produced} clean records", 0.3)

    def values(self, topic):
        parsed = bus.schema(OUTPUTS[topic])
        return [bus.decode(record, parsed) for record in self.pipeline.read(topic)]

    def cli(self, *arguments):
        """Runs `quotebus validate --json`: status, objects of stdout, stderr."""
        done = self.stack.run("quotebus", "validate", *arguments, "--json", check=False,
                              env={"QUOTEBUS_VALIDATE_RULES_FILE": str(self.rules)})
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def reload(self, text, expected_log):
        self.rules.write_text(text)
        process = self.pipeline.process("validate")
        process.send(signal.SIGHUP)
        wait_for(lambda: expected_log in process.log_tail(50), 10, f"the log says '{expected_log}'")

    def copy_outputs(self, prefix, change):
        """Copies what validate wrote to topics of another prefix; `change(topic, records)` gives the records to write."""
        self.stack.run("quotebus", "topics", "apply", "--set", f"kafka.topic_prefix={self.stack.prefix}{prefix}")
        producer = kafka.Producer({"bootstrap.servers": self.stack.brokers})
        for topic in (*OUTPUTS, "validate.rules"):
            for record in change(topic, self.pipeline.read(topic)):
                producer.produce(self.pipeline.topic(prefix + topic), key=record.key, value=record.value, partition=record.partition,
                                 timestamp=record.timestamp)
        assert producer.flush(30) == 0


@pytest.fixture
def ops(pipeline, tmp_path):
    return Ops(pipeline, tmp_path)


def test_judged_again_under_changing_rules_gives_the_same_bytes(ops):
    first = ops.rules.read_text()
    ops.start()
    ops.feed(150)
    ops.pipeline.produce("quotes.raw", [(b"equity:AAPL", b"\x07no quote")])
    ops.reload(first.replace("version: first", "version: strict", 1).replace("jump_floor_bps: ", "jump_floor_bps: 1 # "), "judging by the rule file")
    ops.feed(100)
    ops.pipeline.kill_and_restart("validate")
    ops.feed(100)
    ops.reload(first.replace("stale_s: ", "stale_s: never # ", 1), "the rules stay as they were")
    log = ops.pipeline.process("validate").log_tail(50)
    assert f"{ops.rules}:" in log and "classes.equity.stale_s" in log, "the error names file, line and field"
    ops.feed(50)

    versions = [value["rules_version"] for value in ops.values("quotes.clean")]
    assert {version.split("-")[0] for version in versions} == {"first", "strict"}
    strict = next(version for version in versions if version.startswith("strict"))
    metrics = ops.pipeline.http("validate", "/metrics")
    assert f'quotebus_validate_rules_info{{version="{strict}"}} 1' in metrics
    assert "quotebus_validate_reload_failures_total 1" in metrics
    assert {record.key.decode() for record in ops.pipeline.read("validate.rules")} == set(versions)

    ops.rules.write_text(first)  # what is on the topic counts, not what the file says now
    status, (result,), errors = ops.cli("--verify")
    assert status == 0, (result, errors)
    assert result["equal"] and result["judged"] == 400 and result["waiting"] == 0 and result["blind_partitions"] == 0
    for topic in OUTPUTS:
        rows = [row for row in result["topics"] if row["topic"] == ops.pipeline.topic(topic)]
        assert sum(row["records"] for row in rows) == len(ops.pipeline.read(topic)) > 0
    status, (result,), errors = ops.cli("--verify", "--from", "now")
    assert status == 0 and result["records"] == 0 and result["judged"] == 400
    check_differences(ops)
    check_reports(ops)
    check_dry_run(ops, first)


def check_differences(ops):
    """A changed, a lost and an additional record are found and shown."""
    parsed, schema_id = bus.schema("clean_quote"), ops.pipeline.schema_id("quotes.clean")
    changed = {}

    def change_price(topic, records):
        if topic == "quotes.clean":
            place = len(records) // 2
            value = bus.decode(records[place], parsed)
            changed.update(partition=records[place].partition, raw_offset=value["raw_offset"], price=value["price"])
            records[place] = records[place]._replace(value=bus.encode(schema_id, parsed, {**value, "price": value["price"] + 0.5}))
        return records

    ops.copy_outputs("copy.", change_price)
    status, (result,), _ = ops.cli("--verify", "--set", "validate.output_prefix=copy.")
    found = result["difference"]
    assert status == 4 and not result["equal"] and found["kind"] == "differs"
    assert (found["partition"], found["raw_offset"]) == (changed["partition"], changed["raw_offset"])
    assert found["topic"] == ops.pipeline.topic("copy.quotes.clean")
    assert [(row["field"], float(row["live"]), float(row["again"])) for row in found["fields"]] == [("price", changed["price"] + 0.5, changed["price"])]

    def lose_and_double(topic, records):
        if topic == "quotes.anomalies":  # all of the first quote that has any
            anomalies = [(record.partition, bus.decode(record, bus.schema("anomaly"))["raw_offset"]) for record in records]
            return [record for record, origin in zip(records, anomalies) if origin != anomalies[0]]
        return records + records[-1:] if topic == "prices.consensus" else records

    ops.copy_outputs("torn.", lose_and_double)
    status, (result,), _ = ops.cli("--verify", "--set", "validate.output_prefix=torn.")
    assert status == 4
    assert {"missing", "surplus"} <= {row["result"] for row in result["topics"]}
    done = ops.stack.run("quotebus", "validate", "--verify", "--set", "validate.output_prefix=torn.", check=False)
    assert done.returncode == 4 and "first difference: " in done.stdout


def check_reports(ops):
    """Each window of each asset that was heard of has one report, whose counts are those of the clean topic."""
    counts = collections.Counter()
    for value in ops.values("quotes.clean"):
        counts[value["asset"], value["fetched_at"].timestamp() * 1_000_000 // WINDOW_US * WINDOW_US, value["verdict"]] += 1
    reports = ops.values("validate.reports")
    keys = [(report["asset"], report["window_start"]) for report in reports]
    assert len(keys) == len(set(keys)) and {asset for asset, _ in keys} == set(ASSETS)
    for report in reports:
        begin_us = report["window_start"].timestamp() * 1_000_000
        assert begin_us % WINDOW_US == 0 and report["window_end"].timestamp() * 1_000_000 == begin_us + WINDOW_US
        assert (report["passed"], report["suspect"], report["rejected"]) == tuple(
            counts[report["asset"], begin_us, verdict] for verdict in ("PASS", "SUSPECT", "REJECT"))
        assert sum(source["polls"] for source in report["sources"]) == report["quotes"]
    status, rows, _ = ops.cli("--report")
    latest = {asset: max(begin for one, begin in keys if one == asset) for asset in ASSETS}
    assert status == 0 and [row["asset"] for row in rows] == sorted(ASSETS)
    assert all(row["window_start"].startswith(latest[row["asset"]].strftime("%Y-%m-%dT%H:%M:%S")) for row in rows)
    assert len(ops.cli("--report", "--asset", "crypto:BTC")[1]) == 1
    assert ops.cli("--report", "--asset", "crypto:NONE")[0] == 1


def check_dry_run(ops, first):
    """A rule file that expects euros of equities rejects them and nothing else; nothing is written."""
    other = ops.rules.with_name("euro.yaml")
    other.write_text(first.replace("version: first", "version: euro", 1).replace("currency: listing", "currency: EUR", 1))
    before = {topic: len(ops.pipeline.read(topic)) for topic in (*OUTPUTS, "validate.rules")}
    status, (result,), errors = ops.cli("--dry-run", "--rules", str(other), "--samples", "3")
    assert status == 0, errors
    assert result["quotes"] == 400 and len(result["samples"]) == 3
    flags = {row["flag"]: row for row in result["flags"]}
    equities = sum(value["asset"].startswith("equity:") for value in ops.values("quotes.clean"))
    assert (flags["currency_mismatch"]["before"], flags["currency_mismatch"]["after"]) == (0, equities)
    classes = {row["class"]: row for row in result["classes"]}
    assert classes["equity"]["changed"] > 0.8 * equities and classes["crypto"]["changed"] == classes["fx"]["changed"] == 0
    assert result["after"]["version"].startswith("euro-")
    same = ops.cli("--dry-run", "--rules", str(ops.rules))[1][0]
    assert same["changed"] == same["reflagged"] == 0
    done = ops.stack.run("quotebus", "validate", "--dry-run", "--rules", str(other), check=False)
    assert done.returncode == 0 and "currency_mismatch" in done.stdout
    assert ops.cli("--dry-run", "--rules", str(other) + ".not")[0] == 2
    assert before == {topic: len(ops.pipeline.read(topic)) for topic in (*OUTPUTS, "validate.rules")}
