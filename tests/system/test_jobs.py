"""The history in PostgreSQL and the jobs that keep it: new tables, as-of questions, aggregates, retention, rights."""

import datetime
import statistics
import time

import bus
import psycopg
import pytest
from pipeline import wait_for

MINUTE_US = 60 * 10 ** 6
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


def text(us):
    return datetime.datetime.fromtimestamp(us / 1e6, datetime.timezone.utc).isoformat()


def now_us():
    return int(time.time() * 1e6)


def produce(pipeline, topic, schema, values, key="asset"):
    parsed, number = bus.schema(schema), pipeline.schema_id(topic)
    pipeline.produce(topic, [(value[key].encode(), bus.encode(number, parsed, value)) for value in values])


def job_done(pipeline, name):
    return pipeline.sql(f"select last_slot from quotebus.job where name = '{name}' and last_error is null") != []


# ---- tables

def test_bars_keep_what_was_known_when(pipeline):
    pipeline.start(stages=("persist",))
    first = {"asset": "equity:NVDA", "source": "yahoo", "symbol": "NVDA", "currency": "USD", "date": 19884, "close": 1217.9,
             "fetched_at": 1767323045000000, "request_id": "r-1", "verdict": "SUSPECT", "flags": ["missed_split"], "score": 0.5,
             "source_count": 2, "rules_version": "t", "raw_partition": 0, "raw_offset": 1}
    second = {**first, "close": 121.79, "split": 10.0, "fetched_at": first["fetched_at"] + DAY_US, "verdict": "PASS", "flags": [],
              "restates_fetched_at": first["fetched_at"], "raw_offset": 2}
    produce(pipeline, "bars.clean", "clean_bar", [first, second, {**first, "date": 19885, "raw_offset": 3}])
    wait_for(lambda: pipeline.count("bar") == 3, 30, "three bars")
    question = "select date, close, verdict from quotebus.{} where date = '2024-06-10'"
    assert pipeline.sql(question.format("daily_bars")) == [["2024-06-10", "121.79", "PASS"]]
    before = text(second["fetched_at"] - 1)
    assert pipeline.sql(question.format(f"bars_as_of('{before}', 'equity:NVDA')")) == [["2024-06-10", "1217.9", "SUSPECT"]]
    assert pipeline.sql(question.format(f"bars_as_of('{before}', 'equity:AMD')")) == []
    assert pipeline.sql("select count(*) from quotebus.daily_bars") == [["2"]]


def test_company_data_lists_and_reports_become_rows_that_views_show(pipeline):
    pipeline.start(stages=("persist",))
    at = 1767323045000000
    about = {"asset": "equity:IBM", "source": "alphavantage", "symbol": "IBM", "fetched_at": at, "request_id": "r-1"}
    produce(pipeline, "fundamentals.clean", "fundamentals", [
        {**about, "currency": "USD", "pe_ratio": 28.1, "latest_quarter": 20361, "verdict": "PASS",
         "figures": [{"name": "PERatio", "value": "28.1"}]}])
    produce(pipeline, "indicators.clean", "indicator", [
        {**about, "indicator": "RSI", "interval": "1d", "time_period": 14, "series_type": "close", "at": at - DAY_US, "value": 61.5}])
    produce(pipeline, "rankings.clean", "ranking", [
        {"list": "trending", "source": "coingecko", "currency": "USD", "fetched_at": at, "request_id": "r-2", "entries": [
            {"rank": 1, "symbol": "pepe", "name": "Pepe", "score": 0.0}, {"rank": 2, "symbol": "bitcoin", "name": "Bitcoin", "asset": "crypto:BTC"}]}],
        key="list")
    produce(pipeline, "validate.reports", "report", [
        {"asset": "crypto:BTC", "window_start": at - 10 * MINUTE_US, "window_end": at, "quotes": 10, "passed": 9, "suspect": 1, "rejected": 0,
         "sources_expected": 2, "sources_fresh": 2, "sources_agreeing": 1, "gaps": 0, "rules_version": "t", "raw_partition": 0, "raw_offset": 5,
         "open_flags": [{"rule": "jump", "count": 1}]}])
    tables = ("fundamentals", "indicator", "ranking", "report")
    wait_for(lambda: all(pipeline.count(table) == 1 for table in tables), 30, "a row in each table")
    assert pipeline.sql("select pe_ratio, latest_quarter, figures->>'PERatio' from quotebus.company_fundamentals") == [["28.1", "2025-09-30", "28.1"]]
    assert pipeline.sql("select asset, indicator, time_period, value, coalesce(verdict, 'none') from quotebus.technical_indicators") == \
        [["equity:IBM", "RSI", "14", "61.5", "none"]]
    assert pipeline.sql("select rank, symbol, coalesce(asset, '') from quotebus.rankings order by rank") == [["1", "pepe", ""], ["2", "bitcoin", "crypto:BTC"]]
    assert pipeline.sql("select passed, open_flags->>'jump' from quotebus.validation_reports") == [["9", "1"]]
    counted = dict(pipeline.sql("select table_name, records from quotebus.records_between('2026-01-02', '2026-01-02')"))
    assert counted == {table: "1" for table in tables}


# ---- views of quotes

def quote(asset, at, price, **changes):
    return {"asset": asset, "source": "yahoo", "symbol": "S", "currency": "USD", "price": price, "observed_at": at, "fetched_at": at,
            "request_id": "r", "verdict": "PASS", "score": 1.0, "source_count": 1, "rules_version": "t", "raw_partition": 0, "raw_offset": at,
            **changes}


def test_candles_are_made_of_the_quotes_that_passed_by_the_time_of_observation(pipeline):
    pipeline.start(stages=("persist",))
    begin = now_us() // HOUR_US * HOUR_US - 2 * HOUR_US
    minutes = [(0, 10.0), (1, 12.0), (4, 9.0), (5, 11.0), (59, 8.0)]
    quotes = [quote("crypto:BTC", begin + minute * MINUTE_US, price) for minute, price in minutes]
    quotes.append(quote("crypto:BTC", begin + 2 * MINUTE_US, 99.0, verdict="REJECT"))
    quotes.append(quote("crypto:BTC", begin + 3 * MINUTE_US, 13.0, source="cboe", fetched_at=begin + 70 * MINUTE_US))
    quotes.append(quote("crypto:ETH", begin, 500.0))
    produce(pipeline, "quotes.clean", "clean_quote", quotes)
    pipeline.wait_rows(len(quotes))
    columns = "(extract(epoch from bucket) - %d) / 60, open, high, low, close, quotes" % (begin // 10 ** 6)
    rows = [[float(cell) for cell in row] for row in
            pipeline.sql(f"select {columns} from quotebus.candles('crypto:BTC', '5 min', '{text(begin)}', '{text(begin + HOUR_US)}')")]
    assert rows == [[0, 10, 13, 9, 9, 4], [5, 11, 11, 11, 11, 1], [55, 8, 8, 8, 8, 1]]
    hour = pipeline.sql("select open, high, low, close from quotebus.candles_1h where asset = 'crypto:BTC'")
    assert hour == [["10", "13", "8", "8"]]
    assert pipeline.sql("select count(*) from quotebus.candles_1min where asset = 'crypto:BTC'") == [["6"]]
    # No consensus price was ever made: the newest quote that passed stands in.
    assert pipeline.sql("select price, basis, source from quotebus.latest_prices where asset = 'crypto:ETH'") == [["500", "quote", "yahoo"]]


def test_pauses_between_polls_are_gaps(pipeline):
    pipeline.start(stages=("persist",))
    begin = now_us() - 5 * HOUR_US
    regular = [begin + i * 2 * MINUTE_US for i in range(60)]
    produce(pipeline, "quotes.clean", "clean_quote", [quote("crypto:BTC", at, 1.0) for i, at in enumerate(regular) if not 20 <= i < 30])
    pipeline.wait_rows(50)
    gaps = pipeline.sql("select asset, source, usual_interval, missed_polls, open from quotebus.gaps order by gap_start")
    assert gaps[0] == ["crypto:BTC", "yahoo", "00:02:00", "10", "f"]
    assert len(gaps) == 2 and gaps[1][4] == "t"


# ---- aggregates

SECTORS = {"crypto:BTC": "layer-1", "crypto:ETH": "layer-1", "crypto:UNI": "defi"}
PRICES = {"crypto:BTC": (100.0, 101.0), "crypto:ETH": (50.0, 49.0), "crypto:UNI": (8.0, 8.0)}
EVERY_S = 3600


def consensus(asset, at, price):
    return {"asset": asset, "currency": "USD", "price": price, "confidence": 0.1, "source_count": 2, "sources": [], "observed_at": at,
            "oldest_observed_at": at, "as_of": at, "rules_version": "t", "raw_partition": 0, "raw_offset": at}


def give_a_closed_window(pipeline):
    """Prices at both ends of the newest window, and one behind it. Returns its end."""
    slot = now_us() // (EVERY_S * 10 ** 6) * EVERY_S * 10 ** 6
    rows = []
    for asset, (before, after) in PRICES.items():
        rows += [consensus(asset, slot - 90 * MINUTE_US, before), consensus(asset, slot - MINUTE_US, after), consensus(asset, slot + 1, 1e6)]
    produce(pipeline, "prices.consensus", "consensus_price", rows)
    produce(pipeline, "quotes.clean", "clean_quote", [
        quote(asset, slot - MINUTE_US, after, volume=1000.0 * after, market_cap=after * 1e6) for asset, (_, after) in PRICES.items()])
    return slot


def aggregates(pipeline):
    return pipeline.sql("select window_end, class, sector, assets, up, down, unchanged, change_pct, change_cap_weighted_pct, volume_usd, "
                        "market_cap_usd, movers from quotebus.market_aggregate order by 1, 2, 3")


def sent(pipeline):
    parsed = bus.schema("market_aggregate")
    return [(record.key.decode(), record.value, bus.decode(record, parsed)) for record in pipeline.read("market.aggregates")]


def unsent(pipeline):
    return pipeline.sql("select count(*) from quotebus.market_aggregate where published_at is null")[0][0]


def check_numbers(rows, records, slot):
    by_key = {f"{row[1]}/{row[2]}": row for row in rows}
    assert sorted(by_key) == ["crypto/", "crypto/defi", "crypto/layer-1"]
    assert set(by_key) == {key for key, _, _ in records}
    for key, _, record in records:
        row = by_key[key]
        assert record["window_end"].timestamp() * 1e6 == slot
        assert [str(record[name]) for name in ("assets", "up", "down", "unchanged")] == row[3:7]
        assert record["change_pct"] == float(row[7]) and record["market_cap_usd"] == float(row[10])
    members = [asset for asset, sector in SECTORS.items() if sector == "layer-1"]
    changes = {asset: (PRICES[asset][1] / PRICES[asset][0] - 1) * 100 for asset in members}
    row = by_key["crypto/layer-1"]
    assert row[3:7] == ["2", "1", "1", "0"]
    assert float(row[7]) == pytest.approx(statistics.mean(changes.values()))
    caps = {asset: PRICES[asset][1] * 1e6 for asset in members}
    assert float(row[8]) == pytest.approx(sum(changes[a] * caps[a] for a in members) / sum(caps.values()))
    assert float(row[9]) == pytest.approx(sum(1000 * PRICES[a][1] for a in members))
    top = next(record for key, _, record in records if key == "crypto/")["movers"]
    assert [mover["asset"] for mover in top] == ["crypto:ETH", "crypto:BTC", "crypto:UNI"]


def test_aggregates_have_the_same_numbers_after_a_crash_at_any_point(pipeline):
    slot = give_a_closed_window(pipeline)
    env = {"QUOTEBUS_PERSIST_AGGREGATE_EVERY_S": str(EVERY_S)}
    stack = pipeline.stack
    # partitions, cleanup, sizes come first: the fourth visit is the one of the aggregates.
    stack.start_stage("persist", env={**env, "QUOTEBUS_FAIL": "persist.job.after_run:4"})
    wait_for(lambda: not pipeline.process("persist").running(), 60, "persist died between the work and its record")
    stack.stop_process("persist")
    stored = aggregates(pipeline)
    assert len(stored) == 3 and unsent(pipeline) == "3" and not sent(pipeline)
    # What comes late changes nothing any more.
    late = [consensus(asset, slot - 1, 7e7) for asset in PRICES]
    produce(pipeline, "prices.consensus", "consensus_price", late)

    stack.start_stage("persist", env={**env, "QUOTEBUS_FAIL": "persist.job.after_send"})
    wait_for(lambda: not pipeline.process("persist").running(), 60, "persist died between sending and marking")
    stack.stop_process("persist")
    once = sent(pipeline)
    assert len(once) == 3 and unsent(pipeline) == "3"

    stack.start_stage("persist", env=env)
    wait_for(lambda: unsent(pipeline) == "0", 60, "the rows are marked as sent")
    assert aggregates(pipeline) == stored
    again = sent(pipeline)
    assert len(again) == 6 and {(key, value) for key, value, _ in again} == {(key, value) for key, value, _ in once}
    check_numbers(stored, once, slot)


def test_only_one_instance_works_on_a_job(pipeline):
    with psycopg.connect(pipeline.stack.conninfo_for("quotebus"), autocommit=True) as other:
        other.execute("select pg_advisory_lock(hashtextextended('quotebus.job.sizes', 0))")
        pipeline.start(stages=("persist",))
        wait_for(lambda: job_done(pipeline, "partitions") and job_done(pipeline, "cleanup"), 30, "the other jobs ran")
        time.sleep(3)
        assert not job_done(pipeline, "sizes")
    wait_for(lambda: job_done(pipeline, "sizes"), 30, "the job ran once the other instance was gone")
    assert pipeline.count("size_history") > 10


def test_failure_of_a_job_is_noted_and_the_missed_slot_is_made_up_for_at_the_next_start(pipeline):
    pipeline.sql("revoke execute on function quotebus.note_sizes(timestamptz) from quotebus_writer")
    pipeline.start(stages=("persist",))
    wait_for(lambda: pipeline.sql("select failures from quotebus.job where name = 'sizes'") == [["1"]], 30, "the failure was noted")
    assert "note_sizes" in pipeline.sql("select last_error from quotebus.job where name = 'sizes'")[0][0]
    assert 'quotebus_persist_job_runs_total{task="sizes",outcome="failed"} 1' in pipeline.http("persist", "/metrics")
    assert pipeline.stack.ready("persist"), "a job that fails is no reason to stop storing"
    assert pipeline.stack.stop_process("persist") == 0
    pipeline.sql("grant execute on function quotebus.note_sizes(timestamptz) to quotebus_writer")
    pipeline.stack.start_stage("persist")
    wait_for(lambda: job_done(pipeline, "sizes"), 30, "the missed slot was made up for")
    assert 'quotebus_persist_job_runs_total{task="sizes",outcome="done"} 1' in pipeline.http("persist", "/metrics")


# ---- retention

def test_what_is_older_than_the_retention_goes_and_the_next_days_have_partitions(pipeline):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    days = [today - datetime.timedelta(days=n) for n in (500, 366, 365, 1)]
    pipeline.sql("insert into quotebus.asset (id, class) values ('crypto:OLD', 'crypto'); insert into quotebus.source (name) values ('old')")
    for day in days:
        pipeline.sql(f"""select quotebus.ensure_day('quote', '{day}'), quotebus.ensure_day('consensus', '{day}');
            insert into quotebus.consensus select t, t, t, 1, 1, 1, 1, a.asset_id, 1, 0, 0, 'USD', 't', '[]'
            from quotebus.asset a, (select timestamptz '{day} 12:00+00' as t) x;
            insert into quotebus.health_event (at, latency_ms, quota_used, record_offset, quotes, record_partition, source_id, state, endpoint, message, request_id)
            select timestamptz '{day} 12:00+00', 1, 1, g, 0, 0, 1, 'ok', 'e', 'm', g::text from generate_series(1, 15000) g""")
    pipeline.start(stages=("persist",))
    wait_for(lambda: job_done(pipeline, "cleanup"), 60, "the cleanup ran")
    left = [row[0] for row in pipeline.sql("select day from quotebus.partition_sizes where table_name = 'quote' order by day")]
    ahead = [today + datetime.timedelta(days=n) for n in range(4)]
    assert left == [str(day) for day in [*days[2:], *ahead]]
    assert pipeline.sql("select min(as_of)::date from quotebus.consensus") == [[str(days[2])]]
    assert pipeline.sql("select count(*), min(at)::date from quotebus.health_event") == [["30000", str(days[2])]]
    tables = pipeline.sql("select count(*) from pg_class where relname like 'quote\\_2%' and relkind = 'r'")
    assert tables == [[str(len(left))]], "a detached partition was left behind"


# ---- rights

def refused(pipeline, role, statement):
    with psycopg.connect(pipeline.stack.conninfo_for(role), autocommit=True) as connection:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue)):
            connection.execute(statement)


def test_each_role_has_the_least_rights(pipeline):
    for statement in ("delete from quotebus.quote", "truncate quotebus.consensus", "drop table quotebus.bar",
                      "update quotebus.market_aggregate set change_pct = 0", "insert into quotebus.market_aggregate (class) values ('x')",
                      "update quotebus.latest_consensus set price = 0", "create table quotebus.mine (x int)",
                      "select quotebus.drop_day_before('quote', current_date + 2)",
                      "select quotebus.delete_before('anomaly', now(), 10)", "select quotebus.delete_before('asset', '2000-01-01', 10)"):
        refused(pipeline, "quotebus", statement)
    for statement in ("insert into quotebus.source (name) values ('x')", "select quotebus.aggregate_market(now(), 60)",
                      "select quotebus.drop_day_before('quote', '2000-01-01')", "select quotebus.configure_assets('{}', '{}')",
                      "update quotebus.job set runs = 0"):
        refused(pipeline, "quotebus_read", statement)


def test_a_reader_can_ask_every_view_and_table(pipeline):
    names = pipeline.sql("select format('quotebus.%I', relname) from pg_class where relnamespace = 'quotebus'::regnamespace and relkind in ('r', 'p', 'v')")
    with psycopg.connect(pipeline.stack.conninfo_for("quotebus_read"), autocommit=True) as reader:
        for name, in names:
            reader.execute(f"select * from {name} limit 1")
        reader.execute("select * from quotebus.consensus_as_of(now())")
        reader.execute("select * from quotebus.gaps_between(now() - interval '1 hour', now())")
