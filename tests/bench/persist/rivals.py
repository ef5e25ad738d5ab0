"""What else could bring the topic into PostgreSQL, on the first part of the same topic, against the same components."""

import json
import pathlib
import subprocess
import sys

import debezium
from stack import ROOT, Failure


def python_rows_per_s(ground, sample):
    """The Python consumer, into the same table."""
    ground.empty()
    argv = [sys.executable, str(pathlib.Path(__file__).with_name("python_consumer.py")), ground.stack.brokers, ground.topic,
            str(ROOT / "schemas" / "clean_quote.avsc"), ground.stack.conninfo_for("admin"), ground.columns, str(sample)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        raise Failure(f"the Python consumer failed: {done.stderr[-600:]}")
    found = json.loads(done.stdout)
    return found["records"] / found["seconds"]


def measure(ground, sample, rows_per_s, say):
    """Rates of all rivals, and how often persist has theirs."""
    rates = {"python": python_rows_per_s(ground, sample)}
    say(f"  Python:   {rates['python']:>9,.0f} rows/s   persist is {rows_per_s / rates['python']:.1f} times as fast")
    for mode in ("insert", "upsert"):
        rates[f"debezium_{mode}"] = debezium.rows_per_s(ground, mode, sample)
        say(f"  Debezium: {rates[f'debezium_{mode}']:>9,.0f} rows/s by {mode}   persist is "
            f"{rows_per_s / rates[f'debezium_{mode}']:.1f} times as fast")
    found = {f"{name}_rows_per_s": round(rate, 1) for name, rate in rates.items()}
    return found | {f"times_{name}": round(rows_per_s / rate, 2) for name, rate in rates.items()}
