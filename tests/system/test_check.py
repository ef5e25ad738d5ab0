"""`quotebus check`: the program alone, with no stack beside it."""

import datetime
import json
import os
import pathlib
import random
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDINGS = pathlib.Path(os.environ.get("QUOTEBUS_RECORDINGS", ROOT.parent / "shared" / "fixtures" / "providers"))

HEADER = "asset,source,observed_at,fetched_at,price,currency,bid\n"
ROW = "equity:AAPL,{},2026-01-05T15:00:00Z,2026-01-05T15:00:01Z,{},USD,\n"


@pytest.fixture
def check(programs, tmp_path):
    """Runs check in an empty folder on the given text; returns status, verdicts and the last line of stderr."""

    def run(text, kind="quotes", form="csv", options=()):
        data = text if isinstance(text, bytes) else text.encode()
        done = subprocess.run([programs / "quotebus", "check", "--kind", kind, "--format", form, *options, "-"],
                              input=data, capture_output=True, cwd=tmp_path, timeout=60)
        verdicts = [json.loads(line) for line in done.stdout.decode().splitlines()]
        return done.returncode, verdicts, done.stderr.decode().strip().rpartition("\n")[2]

    return run


def test_sources_that_agree_pass_and_the_one_that_does_not_is_suspect(check):
    status, verdicts, _ = check(HEADER + ROW.format("a", 100) + ROW.format("b", 100.1) + ROW.format("c", 10010))
    assert status == 0
    assert [v["verdict"] for v in verdicts] == ["PASS", "PASS", "SUSPECT"]
    assert [v["line"] for v in verdicts] == [2, 3, 4]
    assert list(verdicts[2]) == ["line", "asset", "verdict", "flags", "reference", "score"]
    assert verdicts[2]["asset"] == "equity:AAPL" and verdicts[2]["reference"] == pytest.approx(100.05)
    assert "divergent" in verdicts[2]["flags"] or "unit_error" in verdicts[2]["flags"]


def polls_of(asset, begin, turns, polls, sources):
    """Rows of sources that are polled every five minutes at an even way from turn to turn."""
    at, rows = begin, []
    for start, end in zip(turns, turns[1:]):
        for i in range(1, polls + 1):
            price = start * (end / start) ** (i / polls)
            for source in range(sources):
                seen = (at + datetime.timedelta(seconds=3 * source)).strftime("%Y-%m-%dT%H:%M:%SZ")
                rows.append(f"{asset},{'abc'[source]},{seen},{seen},{price * (1 + source * 1e-4):.4f},USD,\n")
            at += datetime.timedelta(minutes=5)
    return rows


@pytest.mark.parametrize("sources", [2, 3])
def test_gamestop_of_january_2021_passes(check, sources):
    days = {22: (42.59, 76.76, 61.00, 65.01), 25: (96.73, 159.18, 61.13, 76.79), 26: (88.56, 80.20, 150.00, 147.98),
            27: (354.83, 380.00, 249.00, 347.51), 28: (265.00, 483.00, 112.25, 193.60), 29: (379.71, 413.98, 250.00, 325.00)}
    rows = []
    for day, turns in days.items():
        rows += polls_of("equity:GME", datetime.datetime(2021, 1, day, 14, 30), turns, 26, sources)
    _, verdicts, _ = check(HEADER + "".join(rows))
    assert [v for v in verdicts if v["verdict"] != "PASS"] == []


def test_a_crash_of_thirty_percent_on_all_sources_passes(check):
    turns = (50000, 50100, 35000, 35400)
    begin = datetime.datetime(2021, 5, 19, 11, 0)
    rows = polls_of("crypto:BTC", begin, turns[:2], 30, 3)
    rows += polls_of("crypto:BTC", begin + datetime.timedelta(minutes=150), turns[1:3], 12, 3)
    rows += polls_of("crypto:BTC", begin + datetime.timedelta(minutes=210), turns[2:], 30, 3)
    _, verdicts, _ = check(HEADER + "".join(rows))
    assert [v for v in verdicts if v["verdict"] != "PASS"] == []


def test_the_verdicts_of_the_stream_can_be_asked_for(check):
    row = "equity:AAPL,{},2026-01-05T15:{:02}:{:02}Z,2026-01-05T15:{:02}:{:02}Z,{},USD,\n"
    rows = [row.format(source, poll, 5 * place, poll, 5 * place, 110 if (poll, source) == (20, "a") else 100 + poll % 3 * 0.05)
            for poll in range(40) for place, source in enumerate("abc")]
    verdict_of = {}
    for options in ((), ("--as-streamed",)):
        verdicts = check(HEADER + "".join(rows), options=options)[1]
        assert [i for i, v in enumerate(verdicts) if v["verdict"] != "PASS"] == [60]
        verdict_of[options] = verdicts[60]
    assert not {"refuted", "confirmed"} & set(verdict_of["--as-streamed",]["flags"])


@pytest.mark.parametrize("price, flag", [
    ("NaN", "not_finite"), ("-inf", "not_finite"), ("1e999", "not_finite"), ("abc", "malformed"), ("", "malformed"),
    ('"1,234.5"', "malformed"), ("0x10", "malformed"), ("1,2", "malformed"), ("-3", "non_positive"), ("0", "non_positive"),
])
def test_a_wrong_value_is_a_verdict(check, price, flag):
    status, verdicts, _ = check(HEADER.replace(",bid", "") + ROW[:-2].format("a", price) + "\n" + ROW[:-2].format("b", 100))
    assert status == 0
    assert verdicts[0]["verdict"] == "REJECT" and flag in verdicts[0]["flags"]
    assert verdicts[0]["score"] == 0 and verdicts[1]["verdict"] == "PASS"


def test_json_and_csv_of_the_same_rows_get_the_same_verdicts(check):
    prices = ["100", "NaN", "Infinity", "1e999", "101.25", "oops"]
    text = HEADER + "".join(ROW.format("a", price) for price in prices)
    rows = "\n\n".join(
        json.dumps({"asset": "equity:AAPL", "source": "a", "observed_at": "2026-01-05T15:00:00Z", "bid": None,
                    "fetched_at": "2026-01-05T15:00:01Z", "currency": "USD", "unknown": {"deep": [1, "]}"]}})[:-1]
        + f', "price": {price}}}' for price in prices)
    first, second = check(text)[1], check(rows, form="ndjson")[1]
    assert len(first) == len(prices)
    for verdict in first + second:
        del verdict["line"]
    assert first == second


def test_csv_may_have_a_mark_quotes_line_ends_and_columns_in_any_order(check):
    text = ('\ufeffPRICE,"note",currency,asset, source ,fetched_at,observed_at\r\n'
            '100,"a ""note"", of\r\ntwo lines",USD,AAPL,a,2026-01-05T15:00:01+00:00,\r\n'
            "\r\n"
            "101,,USD,AAPL,a,2026-01-05 15:30:00,2026-01-05\r\n"
            "102,,USD,AAPL")
    status, verdicts, _ = check(text)
    assert status == 0
    assert [(v["line"], v["asset"], v["verdict"]) for v in verdicts] == [
        (2, "AAPL", "PASS"), (5, "AAPL", "PASS"), (6, "AAPL", "REJECT")]


@pytest.mark.parametrize("form, text, line", [
    ("csv", "", 1), ("csv", "\n" + HEADER, 1), ("csv", HEADER.replace("price", "prize"), 1),
    ("csv", HEADER.replace("bid", "price"), 1), ("csv", HEADER + ROW.format("a", 1) + 'equity:A"B,a\n', 3),
    ("csv", HEADER + ROW.format("a", 1) + '"equity', 3), ("csv", HEADER + '"a"b,c\n', 2),
    ("csv", HEADER + "x" * (1 << 20) + "yz\n", 2), ("csv", "a," * 1100, 1),
    ("ndjson", "{}\n[]\n", 2), ("ndjson", "{}\n{}\n{\"a\":1", 3), ("ndjson", "{\"a\":}", 1), ("ndjson", "{\"price\":1,\"price\":2}", 1),
    ("ndjson", "{\"a\":" + "[" * 100000, 1), ("ndjson", "{\"a\":\"" + "x" * (1 << 20) + "\"}", 1), ("ndjson", "{\"a\":1}x", 1),
    ("ndjson", "{\"a\":\"\\ud8\"}", 1), ("ndjson", "{\"a\":[1}}", 1),
], ids=lambda value: str(value)[:20])
def test_an_unreadable_file_is_status_2_with_the_line(check, form, text, line):
    status, _, message = check(text, form=form)
    assert status == 2
    assert f"line {line}: " in message


def test_wrong_usage_is_status_2_and_says_what_to_write(check, programs, tmp_path):
    assert check(HEADER, kind="ticks")[0] == 2
    assert check(HEADER, form="xml")[0] == 2
    status, _, message = check(HEADER, options=("--rules", "nowhere.yaml"))
    assert status == 2 and "nowhere.yaml" in message
    (tmp_path / "rules.yaml").write_text("version: 1\nclasses:\n  equity: { divergence_floor_bps: x }\n")
    status, _, message = check(HEADER, options=("--rules", "rules.yaml"))
    assert status == 2 and "rules.yaml:3" in message and "divergence_floor_bps" in message
    done = subprocess.run([programs / "quotebus", "check", "--kind", "quotes", "--format", "csv", tmp_path / "none.csv"],
                          capture_output=True, timeout=60)
    assert done.returncode == 2 and b"none.csv" in done.stderr


def test_another_rule_file_gives_other_verdicts(check, tmp_path):
    text = HEADER + ROW.format("a", 100) + ROW.format("b", 100.1) + ROW.format("c", 104)
    assert check(text)[1][2]["verdict"] == "SUSPECT"
    (tmp_path / "rules.yaml").write_text("version: wide\nclasses:\n  equity: { divergence_floor_bps: 1000 }\n")
    assert check(text, options=("--rules", "rules.yaml"))[1][2]["verdict"] == "PASS"


def test_bytes_that_are_no_text_come_out_as_json(check):
    status, verdicts, _ = check(HEADER.encode() + b"equity:\xff\x00A,a,,2026-01-05T15:00:01Z,1,USD,\n\xff,a,,,,,\n")
    assert status == 0 and len(verdicts) == 2 and verdicts[1]["verdict"] == "REJECT"


# Daily bars

BAR_HEADER = "asset,source,date,open,high,low,close,adj_close,volume,dividend,split\n"


def walk(days, price=100.0, seed=5):
    """A calm series of weekdays: rows (date, open, high, low, close)."""
    chance, day, rows = random.Random(seed), datetime.date(2024, 1, 1), []
    while len(rows) < days:
        if day.weekday() < 5:
            first = price * (1 + chance.uniform(-0.008, 0.008))
            price = first * (1 + chance.uniform(-0.01, 0.01))
            rows.append([day.isoformat(), first, max(first, price) * 1.004, min(first, price) * 0.996, price])
        day += datetime.timedelta(days=1)
    return rows


def bars_csv(rows, asset="equity:T", source="a"):
    return "".join(f"{asset},{source},{date},{','.join(f'{p:.2f}' for p in prices)},,1000,,\n" for date, *prices in rows)


def times(row, factor):
    return [row[0], *(price * factor for price in row[1:])]


def test_bars_are_judged_with_the_whole_series_in_view(check):
    rows = walk(120)
    rows[40:60] = [times(row, 100) for row in rows[40:60]]
    status, verdicts, _ = check(BAR_HEADER + bars_csv(rows), kind="bars")
    assert status == 0
    assert [v["line"] for v in verdicts] == list(range(2, 122))
    for index, verdict in enumerate(verdicts):
        assert (verdict["verdict"], verdict["flags"]) == (("SUSPECT", ["unit_error"]) if 40 <= index < 60 else ("PASS", []))
    assert list(verdicts[50]) == ["line", "asset", "verdict", "flags", "reference", "score"]
    assert verdicts[50]["reference"] == pytest.approx(rows[50][4] / 100, rel=0.05)


def verdicts_by_row(check, header, rows, kind):
    """What is said of each row, by its text."""
    status, verdicts, _ = check(header + "".join(rows), kind=kind)
    assert status == 0
    return {rows[v["line"] - 2]: (v["verdict"], v["flags"], v["reference"], v["score"]) for v in verdicts}


def test_the_order_of_rows_changes_no_verdict(check):
    chance = random.Random(3)
    moments = [datetime.datetime(2026, 1, 5, 15, tzinfo=datetime.timezone.utc) + datetime.timedelta(minutes=i) for i in range(120)]
    quotes = [f"{asset},{source},{moment:%Y-%m-%dT%H:%M:%SZ},{moment:%Y-%m-%dT%H:%M:%SZ},"
              f"{round((9700 if i % 37 == 30 and source == 'b' else 100) + i * 0.01 + number * 0.001, 4)},USD,\n"
              for i, moment in enumerate(moments) for number, source in enumerate("abc") for asset in ("equity:AAPL", "crypto:BTC")]
    bars = [bars_csv([times(row, 100 if i in (20, 21, 40) and source == "b" else 1)], source=source)
            for source in ("b", "a") for i, row in enumerate(walk(60))]
    for kind, header, rows in (("quotes", HEADER, quotes), ("bars", BAR_HEADER, bars)):
        expected = verdicts_by_row(check, header, rows, kind)
        assert sum(verdict == "SUSPECT" for verdict, *_ in expected.values()) >= 3
        for _ in range(3):
            # Quotes that were fetched at one time are judged in the order of the file: so that stays, and the minutes are mixed.
            moved = list(rows)
            chance.shuffle(moved)
            if kind == "quotes":
                moved.sort(key=lambda row: rows.index(row) % 6)
            assert verdicts_by_row(check, header, moved, kind) == expected


def test_bars_of_several_assets_and_sources_may_be_mixed(check):
    good, bad = walk(60), walk(60)
    bad[30] = times(bad[30], 1.05)
    lines = [(bars_csv([row], "AAPL", "a"), bars_csv([other], "AAPL", "b"), bars_csv([row], "AAPL", "c"), bars_csv([row], "crypto:B"))
             for row, other in zip(good, bad)]
    random.Random(2).shuffle(lines)
    text = BAR_HEADER + "".join(part for four in lines for part in four)
    _, verdicts, _ = check(text, kind="bars")
    wrong = [v["line"] for v in verdicts if v["verdict"] != "PASS"]
    assert [text.splitlines()[line - 1].split(",")[1:3] for line in wrong] == [["b", bad[30][0]]]
    assert verdicts[wrong[0] - 2]["flags"] == ["divergent"]


@pytest.mark.parametrize("cells, verdict, flag", [
    ("2024-03-01,NaN,1,1,1,,,,", "REJECT", "not_finite"), ("2024-03-01,1,1,1,0,,,,", "REJECT", "non_positive"),
    ("2024-03-01,1,1,1,x,,,,", "REJECT", "malformed"), ("soon,1,1,1,1,,,,", "REJECT", "malformed"),
    ("2024-03-01,100,101,99,,,,,", "REJECT", "bad_bar"), ("2024-03-01,100,99,101,100,,,,", "SUSPECT", "bad_bar"),
])
def test_a_wrong_bar_is_a_verdict(check, cells, verdict, flag):
    rows = [row for row in walk(60) if row[0] != "2024-03-01"]
    status, verdicts, _ = check(BAR_HEADER + bars_csv(rows) + f"equity:T,a,{cells}\n", kind="bars")
    assert status == 0 and verdicts[-1]["verdict"] == verdict and flag in verdicts[-1]["flags"]
    assert all(v["verdict"] == "PASS" for v in verdicts[:-1])


def test_date_of_a_bar_is_the_one_that_is_written(check):
    rows = walk(30)
    text = "\n".join(json.dumps({"asset": "T", "source": "a", "date": f"{date}T00:00:00+09:00", "close": close})
                     for date, *_, close in rows)
    status, verdicts, _ = check(text, kind="bars", form="ndjson")
    assert status == 0 and [v["flags"] for v in verdicts] == [[]] * 30


@pytest.mark.skipif(not RECORDINGS.exists() and "QUOTEBUS_RECORDINGS" not in os.environ,
                    reason="the recordings were left out: set QUOTEBUS_RECORDINGS to their folder")
def test_real_histories_pass_and_their_faults_do_not(check):
    files = sorted((RECORDINGS / "yahoo").glob("*chart*.json"))
    charts = [json.loads(file.read_text()) for file in files]
    results = [chart.get("body", chart)["chart"]["result"][0] for chart in charts]
    histories = [rows for rows in map(yahoo_rows, results) if len(rows) > 40]
    assert len(histories) >= 3
    for number, rows in enumerate(histories):
        lines = [f"equity:H{number},yahoo," + ",".join("" if cell is None else str(cell) for cell in row) for row in rows]
        _, verdicts, _ = check(BAR_HEADER + "\n".join(lines), kind="bars")
        assert [v for v in verdicts if v["verdict"] != "PASS"] == []
        fields = lines[20].split(",")
        lines[20] = ",".join(fields[:3] + [str(float(price) * 100) for price in fields[3:8]] + fields[8:])
        _, verdicts, _ = check(BAR_HEADER + "\n".join(lines), kind="bars")
        assert [v["line"] for v in verdicts if v["verdict"] != "PASS"] == [22] and "unit_error" in verdicts[20]["flags"]


def yahoo_rows(result):
    """Rows of a chart of Yahoo: date, open, high, low, close, adj_close, volume, dividend, split."""
    events, quote = result.get("events", {}), result["indicators"]["quote"][0]
    dividends = {event["date"]: event["amount"] for event in events.get("dividends", {}).values()}
    splits = {event["date"]: event["numerator"] / event["denominator"] for event in events.get("splits", {}).values()}
    adjusted = result["indicators"].get("adjclose", [{}])[0].get("adjclose")
    return [(time.strftime("%Y-%m-%d", time.gmtime(at)), *(quote[name][i] for name in ("open", "high", "low", "close")),
             adjusted and adjusted[i], quote["volume"][i], dividends.get(at, 0), splits.get(at, 0))
            for i, at in enumerate(result.get("timestamp", []))]
