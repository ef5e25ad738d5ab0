"""Runs `quotebus check --kind quotes` over streams."""

import json
import subprocess
from datetime import datetime, timezone

import numpy as np

from streams import FIGURES

HEADER = "asset,source,observed_at,fetched_at," + "price,currency," + ",".join(FIGURES[1:])


def time_text(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number(value):
    return "" if value != value else repr(float(value))


def rows_of(stream):
    """CSV lines of a stream."""
    columns = [list(map(number, stream.figures[name])) for name in FIGURES]
    observed, fetched = map(time_text, stream.observed), map(time_text, stream.fetched)
    sources = np.char.add("source-", stream.source.astype("U2"))
    for i, (at, got) in enumerate(zip(observed, fetched)):
        yield ",".join((stream.asset, sources[i], at, got, columns[0][i], stream.currencies[i], *(c[i] for c in columns[1:])))


def judge(streams, binary, rules):
    """Per stream: (not PASS, flags as a list of sets)."""
    text = "\n".join([HEADER] + [line for stream in streams for line in rows_of(stream)]) + "\n"
    run = subprocess.run([binary, "check", "--kind", "quotes", "--format", "csv", "--rules", rules, "-"], input=text.encode(),
                         stdout=subprocess.PIPE, check=True)
    lines = run.stdout.splitlines()
    if len(lines) != sum(map(len, streams)):
        raise RuntimeError(f"{len(lines)} verdicts for {sum(map(len, streams))} rows")
    out, at = [], 0
    for stream in streams:
        mine = [json.loads(line) for line in lines[at:at + len(stream)]]
        at += len(stream)
        out.append((np.array([v["verdict"] != "PASS" for v in mine]), [frozenset(v["flags"]) for v in mine]))
    return out
