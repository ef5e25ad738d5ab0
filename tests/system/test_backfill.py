"""Histories: asked for at the command line, worked off by ingest beside its jobs, judged and stored; what is there is not fetched again."""

import datetime
import json
import time

from pipeline import wait_for

TO = datetime.date.today()
FROM = TO - datetime.timedelta(days=900)
CRYPTO = ("crypto:BTC", "crypto:ETH", "crypto:SOL")
# The jobs of other tests leave the provider no slack.
CALM = {"QUOTEBUS_JOBS_STOCK_DETAILS_EVERY_S": "3600", "QUOTEBUS_PROVIDERS_YAHOO_BATCH_DELAY_SECONDS": "0"}
CHUNKS = {**CALM, "QUOTEBUS_INGEST_BACKFILL_CHUNK_D": "200"}


def backfill(pipeline, *args, check=True):
    return pipeline.stack.run("quotebus", "backfill", *args, "--json", check=check)


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def history_calls(pipeline):
    """Calls for histories by the simulator's own count."""
    return pipeline.sim("/sim/calls")["yahoo"]["history"]


def settled_calls(pipeline):
    """The same, once the daily job is through with its slot."""
    seen = [history_calls(pipeline)]

    def settled():
        time.sleep(2)
        seen.append(history_calls(pipeline))
        return seen[-1] == seen[-2]
    wait_for(settled, 60, "no history is under way")
    return seen[-1]


def covered(pipeline):
    return {line["asset"]: line for line in lines(backfill(pipeline, "--status"))}


def test_history_is_fetched_once_and_survives_kills(pipeline):
    pipeline.start(env={"ingest": CHUNKS})
    asked = backfill(pipeline, "--assets", ",".join(CRYPTO), "--from", str(FROM), "--to", str(TO))
    assert "3 histories asked for" in asked.stderr
    pipeline.kill_and_restart("ingest")
    done = backfill(pipeline, "--assets", ",".join(CRYPTO), "--from", str(FROM), "--to", str(TO), "--wait")
    assert {(line["asset"], line["source"], line["state"], line["done_days"]) for line in lines(done)} == \
        {(asset, "yahoo", "done", 900) for asset in CRYPTO}
    bars = {line["asset"]: line["source_bars"] for line in lines(done)}
    assert all(count >= 890 for count in bars.values()), bars
    wait_for(lambda: pipeline.count("bar") >= sum(bars.values()), 40, "all bars are rows", 0.5)
    rows = dict(pipeline.sql("select asset, count(distinct date) from quotebus.daily_bars where source = 'yahoo' group by 1"))
    assert {asset: int(rows[asset]) for asset in CRYPTO} == bars

    # Asking again, the whole or a part, makes no request, and no call follows.
    calls = settled_calls(pipeline)
    assert calls >= 5 * len(CRYPTO)  # chunks of 200 days; the daily job asks, too
    for arguments in (("--from", str(FROM), "--to", str(TO)), ("--from", "-500d", "--to", "-400d")):
        again = backfill(pipeline, "--assets", "crypto:BTC", *arguments, "--wait")
        assert "0 histories asked for, 0 were asked for before, 1 are there" in again.stderr
    assert len(pipeline.read("ingest.requests")) == len(CRYPTO)
    assert history_calls(pipeline) == calls
    assert pipeline.stack.run("quotebus", "backfill", "--assets", "equity:APPL", "--from", "-9d", check=False).returncode == 2
    assert set(covered(pipeline)) == set(CRYPTO)


def test_new_assets_get_their_history_by_themselves(pipeline):
    pipeline.start(env={"ingest": {**CALM, "QUOTEBUS_INGEST_HISTORY_D": "30"}})
    from_day = (datetime.date.today() - datetime.timedelta(days=30)).isoformat()
    query = f"select count(distinct asset) from quotebus.daily_bars where source = 'yahoo' and date >= '{from_day}'"
    wait_for(lambda: int(pipeline.sql(query)[0][0]) > 60, 90, "assets have a history", 1)
    records = pipeline.read("ingest.coverage")
    assert len({record.key for record in records}) == len(records), "each was fetched once"
    assert not pipeline.read("ingest.requests")
