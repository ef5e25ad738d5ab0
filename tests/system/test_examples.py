"""The consumers that users copy, each run against a real pipeline."""

import os
import pathlib
import subprocess
import sys

import pytest
from stack import ROOT

EXAMPLES = ROOT / "examples"


@pytest.fixture
def fed(pipeline):
    """A pipeline with some hundred judged quotes in its topic, which stands still."""
    pipeline.start(stages=("validate", "ingest"))
    pipeline.stack.run("quotebus", "tail", "quotes.clean", "--from", "start", "--follow", "--max", "300")
    pipeline.stop_ingest()
    return pipeline


def run(pipeline, argv, **env):
    """Runs an example in the environment that compose/up gives to a shell; returns the lines of its output."""
    place = {**os.environ, **pipeline.stack.config_env("quotebus_read"), "PATH": f"{pipeline.stack.bin}:{os.environ['PATH']}", **env}
    done = subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False, timeout=120, env=place)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_c_reads_with_the_installed_library(fed, tmp_path):
    build = pathlib.Path(fed.stack.bin).parent
    subprocess.run(["cmake", "--install", build, "--prefix", tmp_path], check=True, capture_output=True, timeout=60)
    library = next(tmp_path.rglob("libquotebus.so")).parent
    found = subprocess.run(["pkg-config", "--cflags", "--libs", "--define-variable", f"prefix={tmp_path}", "quotebus"], check=True,
                           capture_output=True, text=True, env={**os.environ, "PKG_CONFIG_PATH": str(library / "pkgconfig")})
    program = tmp_path / "quotes"
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", EXAMPLES / "c" / "quotes.c", "-o", program, *found.stdout.split()],
                   check=True, timeout=60)
    stack = fed.stack
    lines = run(fed, [program, stack.brokers, stack.registry_url, stack.prefix, 10, "crypto:BTC", "crypto:ETH"],
                LD_LIBRARY_PATH=str(library))
    print("\n".join(lines[:5]))
    assert len(lines) == 10
    assert {line.split()[0] for line in lines} <= {"crypto:BTC", "crypto:ETH"}
    assert any(" PASS" in line for line in lines)


def test_python_prints_quotes_and_goes_on_where_it_stopped(fed):
    script = [sys.executable, EXAMPLES / "python" / "quotes.py", "--group", f"{fed.stack.prefix}py"]
    first = run(fed, [*script, "--count", 50])
    assert len(first) == 50 and all(len(line.split()) >= 5 for line in first)
    total = len(first) + len(run(fed, [*script, "--idle", 3]))
    everything = run(fed, [*script, "--since=-1h", "--idle", 3])
    assert len(everything) == total >= 300, "the group did not go on where it stopped, or did not go back"
    frame = run(fed, [*script, "--since=-1h", "--idle", 3, "--frame"])
    assert any(line.startswith("crypto:BTC") for line in frame), frame[:5]


def test_kcat_shows_where_records_stand(fed):
    lines = run(fed, [EXAMPLES / "kcat.sh", 10])
    places = [line for line in lines if " partition " in line]
    values = [line for line in lines if '"verdict"' in line]
    assert len(places) >= 10 and len(values) == 10
