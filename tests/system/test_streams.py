"""What flows beside quotes: raw bars, company data, indicators and rankings are judged and become rows, exactly once."""

import json

import bus
import streams
from pipeline import wait_for

SPIKE, UNIT = 30, 35


def bars_with_faults(source, fault=True):
    """Fifty days; one source has a lone spike and a day in cents."""
    made = []
    for number in range(50):
        record = streams.bar(number, source=source)
        factor = 2.0 if number == SPIKE else 100.0 if number == UNIT else 1.0
        made.append(streams.scaled(record, factor) if fault else record)
    return made


def decoded(pipeline, topic, schema):
    parsed = bus.schema(schema)
    return [bus.decode(record, parsed) for record in pipeline.read(topic)]


def test_raw_records_of_every_kind_are_judged_and_stored(pipeline):
    good = {"bars": bars_with_faults("alone", fault=True), "fundamentals": [streams.company(i) for i in range(3)],
            "indicators": [streams.indicator(i) for i in range(20)], "rankings": [streams.ranking(i) for i in range(4)]}
    bad = {"fundamentals": [streams.company(9, market_cap=-1.0)], "indicators": [streams.indicator(9, value=120.0)],
           "rankings": [streams.ranking(9, ranks=(1, 2, 2))]}
    for kind, records in good.items():
        streams.produce(pipeline, kind, records + bad.get(kind, []))
        pipeline.produce(f"{kind}.raw", [(b"crypto:BTC", b"\x07not avro")])
    pipeline.start(stages=("validate", "persist"))
    tables = {"bars": "bar", "fundamentals": "fundamentals", "indicators": "indicator", "rankings": "ranking"}
    for kind, table in tables.items():
        wait_for(lambda table=table, kind=kind: pipeline.count(table) == len(good[kind]), 40, f"{kind} are rows", 0.3)

    causes = {kind: sorted(record.headers["qb.cause"].decode() for record in pipeline.read(f"{kind}.raw.dlq")) for kind in tables}
    assert causes == {"bars": ["bad_magic"]} | {kind: ["bad_magic", "impossible"] for kind in bad}

    # The lone spike passed when it came, and its row says what the next day showed; the day in cents was known at once.
    bars = [bar for bar in decoded(pipeline, "bars.clean", "clean_bar") if bar["date"].toordinal() - 719163 == streams.FIRST_DAY + SPIKE]
    assert [bar["verdict"] for bar in bars] == ["PASS", "SUSPECT"]
    assert bars[1]["restates_fetched_at"] == bars[1]["fetched_at"] and bars[0]["raw_offset"] == bars[1]["raw_offset"]
    wait_for(lambda: pipeline.sql("select count(*) from quotebus.bar where verdict = 'S'") == [["2"]], 20, "the later verdict is stored")
    rows = pipeline.sql("select date - date '1970-01-01', array_to_string(flags, ' ') from quotebus.bar where verdict = 'S' order by 1")
    assert rows == [[str(streams.FIRST_DAY + SPIKE), "bar_spike"], [str(streams.FIRST_DAY + UNIT), "unit_error"]]
    assert {anomaly["rule"] for anomaly in decoded(pipeline, "bars.anomalies", "anomaly")} == {"bar_spike", "unit_error"}
    assert pipeline.sql("select distinct verdict from quotebus.fundamentals") == [["P"]]

    # A second source has the days as they were, and says so; a later word of the first on a day is a row of its own.
    streams.produce(pipeline, "bars", bars_with_faults("other", fault=False)[-5:])
    corrected = streams.bar(49, source="alone", fetched_at=streams.FETCHED_AT_US + 10**9, request_id="r-2", volume=2e6)
    streams.produce(pipeline, "bars", [corrected])
    wait_for(lambda: pipeline.count("bar") == len(good["bars"]) + 6, 20, "both are stored", 0.3)
    last = decoded(pipeline, "bars.clean", "clean_bar")[-1]
    assert last["source_count"] == 2 and last["restates_fetched_at"] is not None
    assert pipeline.sql("select count(*) from quotebus.bar where restates_fetched_at < fetched_at") == [["1"]]

    # A stage that comes back judges on with what it knew: the next day in cents is seen as such.
    pipeline.kill_and_restart("validate")
    streams.produce(pipeline, "bars", [streams.scaled(streams.bar(50, source="alone"), 100.0)])
    wait_for(lambda: pipeline.sql("select count(*) from quotebus.bar where 'unit_error' = any(flags)") == [["2"]], 30, "the next day is judged")

    # All of it comes out the same when it is judged again; one changed byte does not.
    wait_for(lambda: json.loads(pipeline.stack.run("quotebus", "validate", "--verify", "--json").stdout)["waiting"] == 0, 20, "all is judged")
    result = json.loads(pipeline.stack.run("quotebus", "validate", "--verify", "--json").stdout)
    compared = {topic: sum(row["records"] for row in result["topics"] if row["topic"] == pipeline.topic(topic)) for topic in ("bars.clean", "bars.anomalies")}
    assert result["equal"] and compared == {topic: len(pipeline.read(topic)) for topic in compared}
    record = next(record for record in pipeline.read("bars.clean"))
    pipeline.produce("bars.clean", [(record.key, record.value, record.partition, record.timestamp)])
    done = pipeline.stack.run("quotebus", "validate", "--verify", "--json", check=False)
    assert done.returncode == 4 and json.loads(done.stdout)["difference"]["kind"] == "surplus"
