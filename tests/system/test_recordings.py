"""Real input: the recorded responses of the providers go through the whole pipeline."""

import csv
import json
import math
import os
import pathlib
import urllib.parse

import bus
import pytest
from pipeline import wait_for
from stack import ROOT

FOLDER = pathlib.Path(os.environ.get("QUOTEBUS_RECORDINGS", ROOT.parent / "shared" / "fixtures" / "providers"))
SYMBOLS = {"AAPL": "equity:AAPL", "AMZN": "equity:AMZN", "MSFT": "equity:MSFT", "NVDA": "equity:NVDA", "OCDO.L": "equity:OCDO.L",
           "WSU.DE": "equity:WSU.DE", "BTC-USD": "crypto:BTC", "EURUSD=X": "fx:EURUSD", "GC=F": "commodity:GC"}


def bodies():
    """(path of the URL, query, body) of each good recording."""
    with open(FOLDER / "index.tsv", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["status"] == "200" and (FOLDER / row["file"]).exists() and row["file"].endswith(".json"):
                url = urllib.parse.urlsplit(row["url"])
                yield row["file"], urllib.parse.unquote(url.path), urllib.parse.parse_qs(url.query), (FOLDER / row["file"]).read_text()


def expected_prices():
    """(source, asset) -> prices that stand in the bodies, read here without the product's parsers."""
    found = {}
    for file, path, query, body in bodies():
        try:
            content = json.loads(body)
        except json.JSONDecodeError:
            continue
        if path.startswith("/v8/finance/chart/") and content.get("chart", {}).get("result"):
            asset = SYMBOLS.get(path.rsplit("/", 1)[1])
            meta = content["chart"]["result"][0]["meta"]
            if asset and meta.get("regularMarketPrice") is not None:
                price = meta["regularMarketPrice"] * (0.01 if meta["currency"] == "GBp" else 1)
                found.setdefault(("yahoo", asset), []).append(price)
        elif path.endswith("/simple/price") and "bitcoin" in content and "usd" in content["bitcoin"]:
            found.setdefault(("coingecko", "crypto:BTC"), []).append(content["bitcoin"]["usd"])
        elif path.endswith("/coins/markets") and isinstance(content, list):
            found.setdefault(("coingecko", "crypto:BTC"), []).extend(r["current_price"] for r in content if r["id"] == "bitcoin")
        elif "Global Quote" in content:
            found.setdefault(("alphavantage", "equity:MSFT"), []).append(float(content["Global Quote"]["05. price"]))
        elif "Realtime Currency Exchange Rate" in content:
            found.setdefault(("alphavantage", "fx:BTCCNY"), []).append(float(content["Realtime Currency Exchange Rate"]["5. Exchange Rate"]))
    return found


@pytest.mark.skipif(not FOLDER.exists() and "QUOTEBUS_RECORDINGS" not in os.environ,
                    reason="the recordings were left out: set QUOTEBUS_RECORDINGS to their folder")
def test_prices_in_the_rows_are_those_in_the_recorded_bodies(pipeline):
    expected = expected_prices()
    assert {source for source, _ in expected} == {"yahoo", "coingecko", "alphavantage"}
    pipeline.stack.extra_env = {**pipeline.stack.sim_env(), "QUOTEBUS_CONFIG": str(ROOT / "compose" / "recordings.yaml")}
    pipeline.start("--recordings", str(FOLDER))
    wanted = {("yahoo", asset) for asset in SYMBOLS.values()} | {
        ("coingecko", "crypto:BTC"), ("alphavantage", "equity:MSFT"), ("alphavantage", "fx:BTCCNY")}
    query = "select source, asset, price, unit_factor, currency from quotebus.quotes"
    wait_for(lambda: {(row[0], row[1]) for row in pipeline.sql(query)} >= wanted, 60, f"a row of each of {wanted}", 0.5)
    pipeline.stop_ingest()
    pipeline.settle()
    pipeline.check_exactly_once()
    rows = pipeline.sql(query)
    for source, asset, price, factor, currency in rows:
        known = expected[source, asset]
        assert any(math.isclose(float(price), value, rel_tol=1e-7) for value in known), (source, asset, price, known)
        assert (asset == "equity:OCDO.L") == (float(factor) == 0.01)
        assert currency != "GBp"
    print(f"{len(rows)} rows of {len(wanted)} (source, asset) pairs hold the recorded prices")


def raw_prices(pipeline):
    """(source, asset) -> prices of quotes.raw."""
    prices = {}
    for record in pipeline.read("quotes.raw"):
        quote = bus.decode(record, bus.schema("quote"))
        prices.setdefault((quote["source"], quote["asset"]), []).append(quote["price"])
    return prices


def test_a_run_that_was_captured_is_replayed_by_the_simulator(pipeline, tmp_path):
    index = tmp_path / "captured" / "index.tsv"
    env = {"ALPHAVANTAGE_API_KEY": "SECRET"}
    pipeline.stack.start_sim()
    pipeline.stack.start_stage("ingest", "--record", str(index.parent), env=env)
    pipeline.stack.wait_ready(("ingest",))
    wait_for(lambda: index.exists() and {"yahoo", "coingecko", "alphavantage", "cnbc"} <= {
        line.split("/")[0] for line in index.read_text().splitlines()}, 30, "captured responses")
    pipeline.stop_ingest()
    pipeline.stack.stop_process("sim")
    live = raw_prices(pipeline)
    lines = list(csv.DictReader(open(index, encoding="utf-8"), delimiter="\t"))
    assert all((index.parent / line["file"]).stat().st_size == int(line["bytes"]) for line in lines)
    assert "SECRET" not in index.read_text() and any("apikey=***" in line["url"] for line in lines)

    pipeline.stack.start_sim("--recordings", str(index.parent), seed=99)
    pipeline.stack.start_stage("ingest")
    counts = {key: len(prices) for key, prices in live.items()}
    wait_for(lambda: sum(len(prices) for prices in raw_prices(pipeline).values()) > sum(counts.values()) + 100, 30, "replayed quotes", 0.5)
    pipeline.stop_ingest()
    for key, prices in raw_prices(pipeline).items():
        for price in prices[counts.get(key, 0):]:
            assert price in live.get(key, []), (key, price)
