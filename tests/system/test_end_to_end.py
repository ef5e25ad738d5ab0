"""The whole way: providers, Kafka, judgement, rows."""

import json
import os
import re

from pipeline import wait_for
from stack import ROOT, STAGES, configured_providers


def configured_assets():
    text = (ROOT / "config" / "quotebus.yaml").read_text()
    return set(re.findall(r"^  ((?:equity|crypto|fx):[A-Z0-9.]+):", text, re.MULTILINE))


def test_every_asset_is_priced_and_every_count_agrees(pipeline):
    pipeline.start()
    active = configured_assets() - {"equity:HES"}
    assert len(active) > 70

    def priced():
        return {row[0] for row in pipeline.sql("select asset from quotebus.latest_prices where price > 0")}
    wait_for(lambda: priced() >= active, 60, "every active asset has a price", 0.5)
    wait_for(lambda: pipeline.sql("select asset from quotebus.inactive_assets") == [["equity:HES"]], 30, "HES is inactive")
    assert priced() == active
    pipeline.wait_rows(600)
    by_source = dict(pipeline.sql("select source, count(*) from quotebus.quotes group by 1"))
    assert set(by_source) == set(configured_providers(ROOT / "config" / "quotebus.yaml"))

    memory = {stage: pipeline.rss_mb(stage) for stage in STAGES}
    print("resident MB:", memory)
    if "asan" not in os.environ.get("QUOTEBUS_BIN", ""):
        assert max(memory.values()) < 40, memory

    status = json.loads(pipeline.stack.run("quotebus", "status", "--json").stdout)
    print("status has:", sorted(status))

    pipeline.stop_ingest()
    pipeline.settle()
    raw = pipeline.check_exactly_once()
    assert raw == pipeline.count("quote") > 500
    summary = json.loads(pipeline.stack.run("quotebus", "summary", "--json").stdout.splitlines()[-1])
    assert summary["quotes_raw"] == summary["quotes_clean"] == summary["rows"] == raw
    assert summary["dead_letters"] == 0
    assert summary["assets_priced"] == summary["assets_configured"] == len(active)
    assert {name: str(number) for name, number in summary["sources"].items()} == \
        dict(pipeline.sql("select source, count(*) from quotebus.quotes group by 1"))
    for stage in ("validate", "persist"):
        assert pipeline.stack.stop_process(stage) == 0


def test_stages_tell_how_they_are(pipeline):
    pipeline.start()
    pipeline.wait_rows(200)
    for stage in STAGES:
        assert pipeline.http(stage, "/healthz").strip()
        text = pipeline.http(stage, "/metrics")
        assert re.search(r'^quotebus_build_info\{[^}]*stage="' + stage, text, re.MULTILINE), text[:500]
        for line in text.splitlines():
            assert line.startswith("#") or re.fullmatch(r'[a-z_:]+(\{.*\})? [-+0-9.eEinfNa]+', line), line
    counted = sum(float(v) for v in re.findall(r"^quotebus_validate_verdicts_total\{.*\} (\S+)$", pipeline.http("validate", "/metrics"), re.MULTILINE))
    assert counted >= 200


def test_tail_prints_one_json_line_per_record(pipeline):
    pipeline.start()
    pipeline.wait_rows(100)
    pipeline.stop_ingest()
    pipeline.settle()
    out = pipeline.stack.run("quotebus", "tail", "quotes.clean", "--from", "start").stdout
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == len(pipeline.read("quotes.clean"))
    assert {"asset", "price", "verdict"} <= set(lines[0]["value"])
    only = pipeline.stack.run("quotebus", "tail", "quotes.clean", "--from", "start", "--key", "crypto:BTC").stdout.splitlines()
    assert len(only) == sum(line["key"] == "crypto:BTC" for line in lines) > 0
    assert all(json.loads(line)["key"] == "crypto:BTC" for line in only)
