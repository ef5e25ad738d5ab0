"""`quotebus check`: the program alone, with no stack beside it."""

import json
import subprocess

import pytest

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
