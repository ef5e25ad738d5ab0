"""History, supply and lists: from the providers to their topics and tables."""

import bus
from pipeline import wait_for


def keys(pipeline, topic):
    return {record.key.decode() for record in pipeline.read(topic)}


def test_bars_lists_and_supply_reach_their_raw_topics(pipeline):
    pipeline.start(stages=("ingest",))
    wait_for(lambda: len(keys(pipeline, "bars.raw")) >= 70, 60, "the bars of 70 assets", 1)
    wait_for(lambda: keys(pipeline, "rankings.raw") == {"trending", "top_market_cap"}, 30, "both lists", 1)
    wait_for(lambda: len(keys(pipeline, "fundamentals.raw")) >= 20, 30, "the supply of 20 coins", 1)
    bars = [bus.decode(record, bus.schema("bar")) for record in pipeline.read("bars.raw")]
    assert {bar["source"] for bar in bars} >= {"yahoo", "coingecko"}
    assert all(bar["open"] is None for bar in bars if bar["source"] == "coingecko")
    assert all(bar["low"] <= bar["close"] <= bar["high"] for bar in bars if bar["source"] == "yahoo")
    trending = next(record for record in pipeline.read("rankings.raw") if record.key == b"trending")
    entries = bus.decode(trending, bus.schema("ranking"))["entries"]
    assert [entry["rank"] for entry in entries] == list(range(1, 16))
    assert any(entry["asset"] == "crypto:BTC" or entry["asset"] for entry in entries)


def test_bars_lists_and_supply_are_judged_and_stored(pipeline):
    pipeline.start()

    def count(text):
        return int(pipeline.sql(text)[0][0])
    wait_for(lambda: count("select count(distinct asset_id) from quotebus.bar") >= 70, 60, "bars of 70 assets in the table", 1)
    wait_for(lambda: count("select count(distinct list) from quotebus.rankings where asset is not null") == 2, 30, "both lists", 1)
    wait_for(lambda: count("select count(distinct asset_id) from quotebus.fundamentals") >= 20, 30, "the supply of 20 coins", 1)
    verdicts = dict(pipeline.sql("select quotebus.verdict_name(verdict), count(*) from quotebus.bar group by 1"))
    flags = pipeline.sql("select f, count(*) from quotebus.bar, unnest(flags) as f group by 1")
    print("verdicts of bars:", verdicts, flags)
    assert int(verdicts["PASS"]) > 0.9 * sum(int(number) for number in verdicts.values())
