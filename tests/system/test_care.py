"""Commands for the one who looks after a pipeline: health, doctor, config, manual, completion."""

import json
import shutil
import subprocess

from pipeline import wait_for
from stack import ROOT


def run(pipeline, *args, env=None):
    done = pipeline.stack.run("quotebus", *args, check=False, env=env)
    return done.returncode, done.stdout, done.stderr


def test_health_and_doctor_name_what_is_wrong_and_what_to_do(pipeline):
    pipeline.start()
    wait_for(lambda: pipeline.count("latest_prices") > 50, 60, "assets are priced", 0.5)
    status, line, _ = run(pipeline, "health", "--letters-warning", "1000")
    assert status == 0 and line.startswith("QUOTEBUS OK - all stages ready") and " | lag=" in line, line

    status, text, summary = run(pipeline, "doctor", "--json")
    checks = {row["check"]: row for row in map(json.loads, text.splitlines())}
    print(summary)
    assert status == 0, text
    assert {"configuration", "kafka", "topics", "schemas", "postgres", "clock", "tables", "disk", "yahoo", "validate"} <= set(checks)
    assert all(checks[name]["state"] == "ok" for name in ("kafka", "topics", "schemas", "postgres", "clock", "tables", "yahoo"))

    pipeline.stack.stop_process("validate")
    status, line, _ = run(pipeline, "health")
    assert status == 2 and line.startswith("QUOTEBUS CRITICAL - validate: down"), line
    status, text, _ = run(pipeline, "doctor", env={"QUOTEBUS_PROVIDERS_KRAKEN_BASE_URL": "http://127.0.0.1:1"})
    assert status == 1
    assert "failed   validate" in text and "-> start it" in text
    assert "failed   kraken" in text
    status, text, _ = run(pipeline, "doctor", "--no-providers", "--json", env={"QUOTEBUS_KAFKA_TOPIC_PREFIX": "nobody."})
    assert status == 1
    assert "quotebus topics apply" in next(row["advice"] for row in map(json.loads, text.splitlines()) if row["check"] == "topics")


def test_tail_prints_in_the_form_of_kcat(pipeline):
    pipeline.start(stages=("validate", "ingest"))
    pipeline.stack.run("quotebus", "tail", "quotes.raw", "--from", "start", "--follow", "--max", "5")
    text = pipeline.stack.run("quotebus", "tail", "quotes.raw", "--from", "@0:2", "--format", r"%t\t%p\t%o\t%k\t%s\n").stdout
    rows = [line.split("\t") for line in text.splitlines()]
    assert rows and all(int(row[2]) < 2 for row in rows)
    assert all(json.loads(row[4])["asset"] == row[3] for row in rows)
    done = pipeline.stack.run("quotebus", "tail", "quotes.raw", "--format", "%q", check=False)
    assert done.returncode == 2 and "'%q' is not known" in done.stderr


def test_config_shows_where_values_come_from_and_checks_all_files(programs, tmp_path):
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")

    def quotebus(*args):
        return subprocess.run([programs / "quotebus", "--config", config / "quotebus.yaml", *args], capture_output=True, text=True,
                              check=False, timeout=20)
    assert quotebus("config", "check").returncode == 0
    rows = {row["path"]: row for row in map(json.loads, quotebus("config", "show", "--json", "--set", "log.level=debug").stdout.splitlines())}
    assert rows["log.level"] == {"path": "log.level", "value": "debug", "origin": "--set"}
    assert rows["kafka.brokers"]["origin"].startswith("line ")
    rules = config / "rules.yaml"
    rules.write_text(rules.read_text() + "\nsurprise: 1\n")
    done = quotebus("config", "check")
    assert done.returncode == 2 and "rules.yaml" in done.stderr and "surprise" in done.stderr


def test_manual_and_completions_hold_every_command(programs):
    quotebus = str(programs / "quotebus")
    commands = subprocess.run(["bash", "-c", f"{quotebus} completion bash | sed -n \"s/.*local commands='\\(.*\\)'/\\1/p\""],
                              capture_output=True, text=True, check=True).stdout.split()
    assert {"status", "tail", "doctor", "health"} <= set(commands)
    page = subprocess.run(["bash", "-o", "pipefail", "-c", f"{quotebus} manual | scdoc"], capture_output=True, text=True, check=True).stdout
    for name in commands:
        assert f"quotebus {name}" in page, name
        assert subprocess.run([quotebus, name, "--help"], capture_output=True, text=True, check=True).stdout.startswith("examples:")
    script = f"source <({quotebus} completion bash); COMP_WORDS=(quotebus topics di); COMP_CWORD=2; _quotebus; echo ${{COMPREPLY[@]}}"
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip() == "diff"
