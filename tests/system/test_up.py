"""compose/up as a user starts it, on ports and in a folder of its own."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest
from pipeline import wait_for
from stack import ROOT, configured_providers, free_port


@pytest.fixture
def folder():
    made = pathlib.Path(tempfile.mkdtemp(prefix="quotebus-up-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def command(folder, *args):
    """up.py itself: compose/up installs and builds first, which tests/run has done."""
    return [sys.executable, str(ROOT / "compose" / "lib" / "up.py"), "--state", str(folder / "state"), "--port", "auto", *args]


def test_demo_for_a_while_ends_with_one_json_object(folder, programs):
    done = subprocess.run(command(folder, "--demo", "--for", "25s", "--json"), capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    print(summary)
    assert summary["quotes_raw"] == summary["quotes_clean"] + summary["dead_letters"]
    assert summary["rows"] == summary["quotes_clean"] > 100
    assert summary["assets_priced"] == summary["assets_configured"] > 70
    assert set(summary["sources"]) == set(configured_providers(ROOT / "config" / "quotebus.yaml"))
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p99"] < 20000
    assert not (folder / "state" / "pids").exists()

    again = subprocess.run(command(folder, "--demo", "--for", "8s", "--json"), capture_output=True, text=True, timeout=150, check=False)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout.splitlines()[-1])["rows"] > summary["rows"], "the next up did not go on where the last one stopped"


def test_ctrl_c_stops_everything_in_order_within_fifteen_seconds(folder):
    child = subprocess.Popen(command(folder, "--demo"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    pids_file = folder / "state" / "pids"
    wait_for(lambda: pids_file.exists() and "ingest" in pids_file.read_text(), 90, "ingest runs")
    pids = [int(line.split()[1]) for line in pids_file.read_text().splitlines()]
    wait_for((folder / "state" / "env").exists, 60, "the file for another shell is there")
    time.sleep(5)
    status = subprocess.run(["bash", "-c", f"source {folder}/state/env && quotebus status --json"], capture_output=True, text=True,
                            timeout=30, check=False)
    assert status.returncode == 0, status.stderr
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    took = time.monotonic() - begun
    assert child.returncode == 0, errors
    assert took < 15, f"the stop took {took:.1f} s"
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    print(f"stopped in {took:.1f} s")


def test_port_in_use_is_named_with_what_to_do(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(command(folder, "--demo", "--port", f"kafka={port}", "--for", "5s"), capture_output=True, text=True,
                              timeout=60, check=False)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr and "--port kafka=" in done.stderr


def test_dead_component_is_named_with_the_end_of_its_log(folder):
    (folder / "state" / "kafka").mkdir(parents=True)
    (folder / "state" / "kafka" / "data").write_text("a file where a folder should be")
    done = subprocess.run(command(folder, "--demo", "--for", "5s"), capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 1
    assert "ERROR" in done.stderr and "kafka" in done.stderr.lower()


def test_down_purge_removes_the_state_and_only_that(folder):
    state = folder / "state"
    (state / "log").mkdir(parents=True)
    (state / "diary.txt").write_text("not ours")
    down = [sys.executable, str(ROOT / "compose" / "lib" / "down.py"), "--state", str(state), "--purge"]
    done = subprocess.run(down, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "diary.txt" in done.stderr
    (state / "diary.txt").unlink()
    done = subprocess.run([*down, "--keep-components"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert not state.exists()


def test_recordings_without_an_index_are_a_usage_error(folder):
    done = subprocess.run(command(folder, "--demo", "--recordings", str(folder)), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2 and "index.tsv" in done.stderr
    assert free_port()
