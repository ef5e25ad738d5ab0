"""Hostile records, refused rows, wrong configurations: a clear error, a dead letter, and nothing lost."""

import random
import subprocess

import bus
from pipeline import wait_for
from stack import ROOT


def hostile(good, schema_id):
    """Values that are no quotes."""
    chance = random.Random(3)
    header = good[:5]
    flipped = bytearray(good)
    flipped[9] ^= 0x80
    return [
        b"", b"\x00", b"plain text", b"\x01" + good[1:], b"\x00\x7f\xff\xff\xff" + good[5:],  # wire format
        *(good[:n] for n in range(5, len(good), 17)),                                         # truncated
        good + b"\x00", header + b"\xff" * 10, header + b"\x01" * 3, header + b"\xfe\xff\xff\xff\x0f" + b"x" * 50,  # lengths
        header + bytes(chance.randrange(256) for _ in range(400)), header + b"\x00" * 900000, bytes(flipped[:30]),
    ]


def test_undecodable_records_become_dead_letters_byte_for_byte(pipeline):
    pipeline.start()
    pipeline.wait_rows(100)
    good = pipeline.read("quotes.raw")[0]
    values = hostile(good.value, pipeline.schema_id("quotes.raw"))
    places = {}
    for number, value in enumerate(values):
        (place,) = pipeline.produce("quotes.raw", [(f"bad-{number}".encode(), value, number % 4)])
        places[place] = (f"bad-{number}".encode(), value)
    wait_for(lambda: len(pipeline.read("quotes.raw.dlq")) >= len(values), 40, f"{len(values)} dead letters", 0.5)
    pipeline.stop_ingest()
    pipeline.settle()
    letters = pipeline.read("quotes.raw.dlq")
    assert len(letters) == len(values)
    causes = set()
    for letter in letters:
        place = (int(letter.headers["__connect.errors.partition"]), int(letter.headers["__connect.errors.offset"]))
        assert places.pop(place) == (letter.key, letter.value or b"")
        assert letter.headers["__connect.errors.topic"].decode() == pipeline.topic("quotes.raw")
        assert letter.headers["__connect.errors.stage"] == b"VALUE_CONVERTER"
        assert letter.headers["__connect.errors.exception.message"]
        causes.add(letter.headers["qb.cause"].decode())
    assert not places
    assert {"bad_magic", "unknown_schema", "truncated"} <= causes, causes
    pipeline.check_exactly_once()
    pipeline.check_reproducible()


def test_null_value_is_a_dead_letter_too(pipeline):
    pipeline.start(stages=("validate", "persist"))
    pipeline.produce("quotes.raw", [(b"gone", None)])
    letter, = wait_for(lambda: pipeline.read("quotes.raw.dlq"), 30, "a dead letter")
    assert letter.value is None and letter.key == b"gone"


def test_row_that_postgresql_refuses_is_found_and_the_others_are_stored(pipeline):
    pipeline.start()
    pipeline.wait_rows(50)
    pipeline.stop_ingest()
    pipeline.settle()
    parsed = bus.schema("clean_quote")
    template = bus.decode(pipeline.read("quotes.clean")[0], parsed)
    number, before = pipeline.schema_id("quotes.clean"), pipeline.count("quote")
    good, bad = [], []
    for i in range(200):
        row = {**template, "request_id": f"batch-{i}", "raw_offset": 10 ** 9 + i, "asset": f"equity:T{i}"}
        if i % 67 == 5:
            row["observed_resolution_s"] = 2 ** 40 if i % 2 else row["observed_resolution_s"]
            row["symbol"] = "nul\x00inside"
        (bad if i % 67 == 5 else good).append((row["asset"].encode(), bus.encode(number, parsed, row)))
    pipeline.produce("quotes.clean", [*good[:100], *bad, *good[100:]])
    wait_for(lambda: pipeline.count("quote") == before + len(good) and len(pipeline.read("quotes.clean.dlq")) == len(bad), 40,
             "the good rows are stored, the bad ones are dead letters", 0.5)
    letters = pipeline.read("quotes.clean.dlq")
    assert {letter.value for letter in letters} == {value for _, value in bad}
    for letter in letters:
        print(letter.headers["qb.cause"], letter.headers["__connect.errors.exception.message"][:100])


def run(program, *args, env=None):
    return subprocess.run([str(program), *map(str, args)], capture_output=True, text=True, check=False, timeout=20,
                          env={"PATH": "/usr/bin:/bin", **(env or {})})


def test_wrong_configuration_names_file_line_and_field(programs, tmp_path):
    original = (ROOT / "config" / "quotebus.yaml").read_text()
    cases = {
        "unknown provider": original.replace("provider: coingecko,", "provider: coingeko,", 1),
        "not a number": original.replace("every_s: 120", "every_s: often", 1),
        "unknown key": original.replace("request_timeout_ms:", "request_timout_ms:", 1),
        "http to a far host": original.replace("https://api.coingecko.com", "http://api.coingecko.com", 1),
        "not yaml": original.replace("kafka:", "kafka: [", 1),
        "binary": "\x00\x01\x02",
    }
    for what, text in cases.items():
        assert text != original
        path = tmp_path / "quotebus.yaml"
        path.write_text(text)
        for stage in ("ingest", "validate", "persist"):
            done = run(programs / f"quotebus-{stage}", "--config", path)
            assert done.returncode == 2, (what, stage, done.returncode, done.stderr)
            assert "quotebus.yaml:" in done.stderr, (what, done.stderr)
            assert not done.stdout


def test_wrong_flags_are_usage_errors(programs):
    for stage in ("ingest", "validate", "persist"):
        for args in (["--no-such-flag"], ["--set", "nonsense"], ["--set", "kafka.no_such_key=1"], ["--config", "/does/not/exist.yaml"]):
            done = run(programs / f"quotebus-{stage}", *args)
            assert done.returncode == 2, (stage, args, done.returncode, done.stderr)
            assert done.stderr.strip()
        assert run(programs / f"quotebus-{stage}", "--version").returncode == 0
