"""SIGHUP to ingest: assets, jobs and frequencies change while it runs."""

import json
import os
import re
import signal

import bus
from pipeline import wait_for
from stack import ROOT

ADDED = "fx:USDJPY"


def quotes(pipeline):
    parsed = bus.schema("quote")
    return [bus.decode(record, parsed) for record in pipeline.read("quotes.raw")]


def metric(pipeline, name):
    found = re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", pipeline.http("ingest", "/metrics"), re.M)
    return float(found.group(1)) if found else 0.0


def test_sighup_adds_an_asset_without_missing_a_slot_of_another(pipeline, tmp_path):
    path = tmp_path / "quotebus.yaml"
    whole = (ROOT / "config" / "quotebus.yaml").read_text()
    lines = [line for line in whole.splitlines(True) if not line.startswith(f"  {ADDED}:")]
    path.write_text("".join(lines))
    env = {"QUOTEBUS_CONFIG": str(path), "QUOTEBUS_KAFKA_TOPICS_FILE": str(ROOT / "schemas" / "topics.yaml"),
           "QUOTEBUS_VALIDATE_RULES_FILE": str(ROOT / "config" / "rules.yaml"), "QUOTEBUS_INGEST_SEED": "1"}
    pipeline.start(stages=("ingest",), env={"ingest": env})
    pid = pipeline.process("ingest").pid
    wait_for(lambda: len(quotes(pipeline)) > 300, 30, "the first quotes")
    assert ADDED not in {quote["asset"] for quote in quotes(pipeline)}

    path.write_text(whole)
    os.kill(pid, signal.SIGHUP)
    wait_for(lambda: sum(quote["asset"] == ADDED for quote in quotes(pipeline)) > 6, 30, f"quotes of {ADDED}")

    path.write_text(whole.replace("endpoint: spark", "endpoint: sparc"))
    os.kill(pid, signal.SIGHUP)
    wait_for(lambda: metric(pipeline, "quotebus_ingest_reload_failures_total") == 1, 10, "the wrong file was refused")
    before = len(quotes(pipeline))
    wait_for(lambda: len(quotes(pipeline)) > before + 100, 20, "it goes on with the old file")

    # Kraken has one call a slot of one second: no second between the first and the last may be without it, nor have two.
    times = sorted(quote["fetched_at"] for quote in quotes(pipeline) if quote["source"] == "kraken" and quote["asset"] == "crypto:BTC")
    # The first call is that of the slot in which it began.
    steps = [(later - earlier).total_seconds() for earlier, later in zip(times[1:], times[2:])]
    assert len(steps) > 4 and all(0.2 < step < 1.8 for step in steps), steps
    pipeline.stop_ingest()

    planned = pipeline.stack.run("quotebus", "plan", "--for", "5m", "--json", env={"QUOTEBUS_INGEST_SEED": "1"}, check=False)
    plan = json.loads(planned.stdout)
    assert plan["ledger"] and plan["lanes_in_ledger"] == len(plan["providers"]), planned.stderr
    kraken = next(row for row in plan["providers"] if row["provider"] == "kraken")
    assert kraken["period_used"] >= len(times) + kraken["calls"], "the calls that were made count in what is planned"
