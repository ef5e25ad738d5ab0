"""Fixtures of the system tests: real Kafka, schema registry and PostgreSQL on free loopback ports, once per run."""

import itertools
import os
import pathlib
import re
import shutil
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "compose" / "lib"))

from pipeline import Pipeline  # noqa: E402
from stack import DEFAULT_PORTS, Stack, free_port  # noqa: E402

NUMBERS = itertools.count(1)


def bin_dir():
    return pathlib.Path(os.environ.get("QUOTEBUS_BIN", ROOT / "build" / "release" / "bin"))


@pytest.fixture(scope="session")
def programs():
    """Folder of the programs under test."""
    return bin_dir()


@pytest.fixture(scope="session")
def stack():
    """Kafka, registry and PostgreSQL, shared by all tests: each test has its own topics and database on them."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="quotebus-test-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when this is root
    made = Stack(folder, {name: free_port() for name in DEFAULT_PORTS}, bin_dir())
    try:
        made.prepare()
        made.start_kafka({"group.min.session.timeout.ms": 1000, "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000})
        made.start_registry()
        made.start_postgres()
        made.wait_registry()
        yield made
    finally:
        made.stop()
        if os.environ.get("QUOTEBUS_KEEP"):
            print(f"state and logs of the system tests are kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    setattr(item, f"report_{report.when}", report)


@pytest.fixture
def pipeline(stack, request):
    """A pipeline of its own on the shared components: nothing is started yet but topics and database are there."""
    name = re.sub(r"[^a-z0-9]+", "_", request.node.name.lower())[:30].strip("_") + f"_{next(NUMBERS)}"
    made = Pipeline(stack.tenant(f"t_{name}"))
    try:
        made.deploy()
        yield made
    finally:
        report = getattr(request.node, "report_call", None)
        if report is not None and report.failed:
            print(made.log_tails())
        made.stop()
        made.remove()
