"""trace: one quote from what was fetched to the row."""

import json

import bus
from pipeline import wait_for


def trace(pipeline, row, *args, status=0):
    done = pipeline.stack.run("quotebus", "trace", row, *args, check=False)
    assert done.returncode == status, (done.returncode, done.stderr)
    return json.loads(done.stdout) if "--json" in args else done.stdout + done.stderr


def places(found):
    """Where the records of a trace stand."""
    return [(found[name] or {}).get("offset") for name in ("raw", "clean", "consensus")] + sorted(a["offset"] for a in found["anomalies"])


def test_any_row_is_traced_to_its_records_in_three_ways(pipeline):
    pipeline.start()
    pipeline.wait_rows(400)
    pipeline.stop_ingest()
    pipeline.settle()
    raw = {(record.partition, record.offset): bus.decode(record, bus.schema("quote")) for record in pipeline.read("quotes.raw")}
    parsed = bus.schema("anomaly")
    findings = [bus.decode(record, parsed) for record in pipeline.read("quotes.anomalies")]
    flagged = {(value["raw_partition"], value["raw_offset"]) for value in findings}
    columns = "asset, source, to_char(fetched_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), raw_partition, raw_offset, clean_partition, clean_offset, price"
    rows = pipeline.sql(f"select {columns} from quotebus.quotes order by raw_offset")
    with_flags = [row for row in rows if (int(row[3]), int(row[4])) in flagged][:2]
    for asset, source, fetched_at, raw_partition, raw_offset, clean_partition, clean_offset, price in [rows[0], rows[-1], *with_flags]:
        found = trace(pipeline, f"{asset},{source},{fetched_at}", "--json")
        place = (int(raw_partition), int(raw_offset))
        assert (found["raw"]["partition"], found["raw"]["offset"]) == place
        assert (found["clean"]["partition"], found["clean"]["offset"]) == (int(clean_partition), int(clean_offset))
        assert found["raw"]["value"]["price"] == raw[place]["price"] == float(price) == found["row"]["price"]
        assert len(found["anomalies"]) == sum((value["raw_partition"], value["raw_offset"]) == place for value in findings)
        consensus = pipeline.sql(f"select record_offset from quotebus.consensus where raw_partition = {raw_partition} and raw_offset = {raw_offset}")
        assert [[str(found["consensus"]["offset"])]] == consensus if found["consensus"] else not consensus
        assert places(trace(pipeline, f"{raw_partition}/{raw_offset}", "--json")) == places(found)
        assert places(trace(pipeline, f"clean:{clean_partition}/{clean_offset}", "--json")) == places(found)
        text = trace(pipeline, f"{raw_partition}/{raw_offset}")
        assert asset in text and found["clean"]["value"]["verdict"] in text and "quotebus.quote" in text
    print(text)


def test_topics_are_traced_without_the_database_and_wrong_rows_are_named(pipeline):
    pipeline.start(stages=("validate",))
    parsed, number = bus.schema("quote"), pipeline.schema_id("quotes.raw")
    quote = {"asset": "crypto:BTC", "source": "coingecko", "symbol": "bitcoin", "currency": "USD", "price": 64000.5,
             "observed_at": 1767323045000000, "fetched_at": 1767323045678901, "request_id": "r-1"}
    (place,) = pipeline.produce("quotes.raw", [(b"crypto:BTC", bus.encode(number, parsed, quote), None, 1767323045678)])

    wait_for(lambda: pipeline.read("quotes.clean"), 20, "the quote is judged")
    row = f"{place[0]}/{place[1]}"
    done = pipeline.stack.run("quotebus", "trace", row, "--json", env={"QUOTEBUS_POSTGRES_CONNINFO": "host=127.0.0.1 port=1"})
    found = json.loads(done.stdout)
    assert found["clean"]["value"]["raw_offset"] == place[1] and found["row"] is None and "PostgreSQL" in found["database"]
    assert trace(pipeline, "crypto:BTC,coingecko,2026-01-02T03:04:05.678901Z", "--json")["raw"]["offset"] == place[1]
    assert "neither" in trace(pipeline, "0/99999", status=1)
    assert "neither" in trace(pipeline, "crypto:BTC,coingecko,2026-01-02T03:04:06Z", status=1)
    for wrong in ("nonsense", "1/x", "clean:", "a,b", "a,b,whenever", "clean:1/2/3"):
        assert "PARTITION/OFFSET" in trace(pipeline, wrong, status=2)
