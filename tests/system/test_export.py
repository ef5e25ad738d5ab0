"""export and import: rows to a file and back, and prices of another system through the whole pipeline."""

import csv
import datetime

import bus
import fastavro
import streams
from pipeline import wait_for
from quotes import DAY_US, FETCHED_AT_US, clean_quote, produce, wait_stored


def quotebus(pipeline, *args, check=True):
    role = "quotebus" if args[0] == "import" else "quotebus_read"
    return pipeline.stack.run("quotebus", *args, check=check, env={"QUOTEBUS_POSTGRES_CONNINFO": pipeline.stack.conninfo_for(role)})


def rows(pipeline, where="true"):
    return pipeline.sql(f"select * from quotebus.quotes where {where} order by fetched_at, asset, source")


def awkward():
    """Quotes of two days with all that is hard to write down."""
    quotes = [clean_quote(i, asset=f"crypto:X{i % 3}", fetched_at=FETCHED_AT_US + (i % 2) * DAY_US + i) for i in range(300)]
    quotes[4] |= {"symbol": 'a "b", c', "request_id": "", "price": 0.1 + 0.2, "bid": 1e-300, "ask": 1.7976931348623157e308, "volume": 0.0}
    quotes[6] |= {"flags": ["jump", "stale"], "verdict": "REJECT", "usd_rate": 1.1, "usd_rate_source": "ecb", "usd_rate_at": FETCHED_AT_US}
    return quotes


def filled(pipeline):
    pipeline.start(stages=("persist",))
    produce(pipeline, awkward())
    wait_stored(pipeline)
    assert pipeline.stack.stop_process("persist") == 0
    return rows(pipeline)


def test_day_and_asset_come_back_from_csv_and_avro_as_they_were(pipeline, tmp_path):
    before = filled(pipeline)
    for name, options, where in (("day.csv", ("--day", "2026-01-02"), "fetched_at < '2026-01-03Z'"),
                                 ("asset.avro", ("--asset", "crypto:X1"), "asset = 'crypto:X1'"),
                                 ("both.avro", ("--day", "2026-01-03", "--asset", "crypto:X0"), "asset = 'crypto:X0' and fetched_at >= '2026-01-03Z'")):
        path = tmp_path / name
        quotebus(pipeline, "export", *options, "--format", path.suffix[1:], path)
        part = rows(pipeline, where)
        pipeline.sql("delete from quotebus.quote q using quotebus.asset a where a.asset_id = q.asset_id and "
                     + where.replace("asset =", "a.id ="))
        assert len(rows(pipeline)) == len(before) - len(part) < len(before)
        done = quotebus(pipeline, "import", path)
        assert f"{len(part)} rows taken, 0 wrong" in done.stderr, done.stderr
        assert rows(pipeline) == before, name
        quotebus(pipeline, "import", path)  # over rows that exist
        assert rows(pipeline) == before, name


def test_exported_files_are_read_by_others(pipeline, tmp_path):
    filled(pipeline)
    quotebus(pipeline, "export", "--day", "2026-01-02", "--format", "avro", tmp_path / "a.avro")
    quotebus(pipeline, "export", "--day", "2026-01-02", "--format", "csv", tmp_path / "a.csv")
    with open(tmp_path / "a.avro", "rb") as file:
        values = list(fastavro.reader(file))
    with open(tmp_path / "a.csv", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(values) == len(lines) == 150
    assert all(isinstance(value["fetched_at"], datetime.datetime) for value in values)
    for value, line in zip(values, lines):
        assert (value["asset"], value["raw_offset"], value["clean_offset"]) == (line["asset"], int(line["raw_offset"]), int(line["clean_offset"]))
        assert value["price"] == float(line["price"]) and ";".join(value["flags"]) == line["flags"] and value["symbol"] == line["symbol"]


def test_file_of_replay_is_imported_too_and_gives_way_to_rows_that_say_their_record(pipeline, tmp_path):
    before = filled(pipeline)
    path = tmp_path / "topic.avro"
    quotebus(pipeline, "replay", "quotes.clean", "--out", f"avro:{path}")
    pipeline.sql("delete from quotebus.quote where raw_offset < 100")
    assert "300 rows taken" in quotebus(pipeline, "import", path).stderr
    after = rows(pipeline)
    assert len(after) == 300 and [row[:-2] for row in after] == [row[:-2] for row in before]
    assert sum(row[-2:] == ["-1", "-1"] for row in after) == 100


def test_wrong_files_and_rows_are_named_and_the_others_are_taken(pipeline, tmp_path):
    filled(pipeline)
    path = tmp_path / "day.csv"
    quotebus(pipeline, "export", "--day", "2026-01-02", "--format", "csv", path)
    lines = path.read_text().splitlines()
    lines[3] = lines[3].replace("PASS", "PERHAPS")
    lines[8] = lines[8] + ",more"
    path.write_text("\n".join(lines))
    pipeline.sql("truncate quotebus.quote")
    done = quotebus(pipeline, "import", path, check=False)
    assert done.returncode == 4 and "line 4" in done.stderr and "verdict" in done.stderr and "2 wrong" in done.stderr, done.stderr
    assert pipeline.count("quote") == 148
    damaged = tmp_path / "damaged.avro"
    quotebus(pipeline, "export", "--day", "2026-01-02", "--format", "avro", damaged)
    damaged.write_bytes(damaged.read_bytes()[:-20])
    for file, word in ((damaged, "damaged"), (tmp_path / "none", "none"), (__file__, "asset")):
        done = quotebus(pipeline, "import", file, check=False)
        assert done.returncode in (1, 2) and word in done.stderr, (file, done.stderr)
    for args in (("export", "--format", "csv", "x"), ("export", "--day", "whenever", "--format", "csv", "x"), ("export", "--day", "2026-01-02", "x"),
                 ("export", "--day", "2026-01-02", "--format", "avro", "-")):
        assert quotebus(pipeline, *args, check=False).returncode == 2, args


def test_prices_of_another_system_are_judged_and_stored(pipeline, tmp_path):
    pipeline.start(stages=("validate", "persist"))
    day = datetime.date(2024, 1, 1)
    path = tmp_path / "old-system.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "timestamp", "open", "high", "low", "close", "volume"])
        for number in range(200):
            for symbol, base in (("AAPL", 180), ("MSFT", 420), ("XYZQ", 10)):
                price = base + number % 7
                writer.writerow([symbol, day + datetime.timedelta(number), price, price + 1, price - 1, -5 if (symbol, number) == ("XYZQ", 50) else price, 1000])
        writer.writerow(["AAPL", "yesterday", 1, 1, 1, 1, 1])
        writer.writerow(["AAPL", day, 1, 1, 1, "", 1])
    done = quotebus(pipeline, "import", "--csv", path, "--as", "quotes", "--class", "equity", "--at", "2026-01-02T00:00:00Z", check=False)
    assert done.returncode == 4 and "600 rows taken, 2 wrong" in done.stderr and "line 602" in done.stderr, done.stderr
    wait_for(lambda: pipeline.count("quote") == 600, 30, "600 rows")
    stored = pipeline.sql("select asset, source, count(*), min(observed_at), min(observed_resolution_s) from quotebus.quotes group by 1, 2 order by 1")
    assert [row[:3] for row in stored] == [[f"equity:{code}", "import:old-system", "200"] for code in ("AAPL", "MSFT", "XYZQ")]
    assert all(row[3].startswith("2024-01-01") and row[4] == "86400" for row in stored)
    assert pipeline.sql("select verdict from quotebus.quotes where price < 0") == [["REJECT"]]
    assert pipeline.sql("select min(fetched_at), max(fetched_at) from quotebus.quotes")[0] == ["2026-01-02 00:00:00.000001+00", "2026-01-02 00:00:00.0006+00"]
    quotebus(pipeline, "import", "--csv", path, "--as", "quotes", "--class", "equity", "--at", "2026-01-02T00:00:00Z", check=False)
    wait_for(lambda: len(pipeline.read("quotes.clean")) == 1200, 30, "all are judged again")
    wait_stored(pipeline)
    assert pipeline.count("quote") == 600, "the same import again makes no second rows"


def test_daily_history_of_another_system_is_judged_bar_by_bar_and_against_other_sources(pipeline, tmp_path):
    pipeline.start(stages=("validate", "persist"))
    records = [streams.bar(number, asset="crypto:ETH", source="yahoo") for number in range(30)]
    streams.produce(pipeline, "bars", records)
    path = tmp_path / "old-system.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "timestamp", "open", "high", "low", "close", "volume"])
        for number, record in enumerate(records):
            row = streams.scaled(record, 100 if number == 12 else 1.2 if number == 20 else 1)
            day = datetime.date(1970, 1, 1) + datetime.timedelta(row["date"])
            writer.writerow(["ETH-USD", day, *(row[name] for name in ("open", "high", "low", "close")), 5000 + number])
        writer.writerow(["ETH-USD", "2025-01-05T12:00:00Z", "", "", "", 100.1, ""])
    wait_for(lambda: pipeline.count("bar") == 30, 30, "the other source is there")
    quotebus(pipeline, "import", "--csv", path, "--class", "crypto")
    wait_for(lambda: pipeline.count("bar") == 60 and pipeline.count("quote") == 1, 30, "all rows", 0.3)
    bars = "from quotebus.daily_bars where source = 'import:old-system'"
    assert pipeline.sql(f"select count(*), min(asset), count(distinct fetched_at) {bars}") == [["30", "crypto:ETH", "1"]]
    wait_for(lambda: pipeline.sql(f"select count(*) {bars} and verdict <> 'PASS'") == [["2"]], 20, "both faults are found")
    found = pipeline.sql(f"select date - date '1970-01-01', array_to_string(flags, ' ') {bars} and verdict <> 'PASS' order by 1")
    assert [int(day) - streams.FIRST_DAY for day, _ in found] == [12, 20], found
    assert "unit_error" in found[0][1] and ("divergent" in found[1][1] or "bar_spike" in found[1][1]), found
    assert pipeline.sql("select count(*) from quotebus.daily_bars where source = 'yahoo' and verdict <> 'PASS'") == [["0"]]


def test_symbols_that_mean_nothing_and_bars(pipeline, tmp_path):
    path = tmp_path / "some prices.csv"
    path.write_text("symbol,timestamp,close\nNOSUCH,2024-01-02,1\nBTC-USD,2024-01-02,37000.5\n")
    assert quotebus(pipeline, "import", "--csv", path, check=False).returncode == 2  # the name cannot be a source's
    done = quotebus(pipeline, "import", "--csv", path, "--name", "old", "--as", "bars", check=False)
    assert done.returncode == 4 and "NOSUCH" in done.stderr and "1 rows taken, 1 wrong" in done.stderr
    record, = pipeline.read("bars.raw")
    bar = bus.decode(record, bus.schema("bar"))
    assert record.key == b"crypto:BTC" and bar["close"] == 37000.5 and bar["date"] == datetime.date(2024, 1, 2) and bar["source"] == "import:old"
