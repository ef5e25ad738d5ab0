"""Metrics, alerts and dashboards: sound by their own tools, built on metrics that exist, and fired by a real Prometheus."""

import json
import re
import subprocess
import urllib.request

import yaml
from pipeline import wait_for
from stack import ROOT, STAGES, free_port

MONITORING = ROOT / "monitoring"
DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))


def promtool(*args, text=None):
    done = subprocess.run(["promtool", *map(str, args)], input=text, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def expressions():
    """Every expression of alerts and dashboards."""
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"].replace("$__rate_interval", "1m")


def test_alerts_are_sound_and_each_has_a_test_and_a_paragraph(tmp_path):
    for args in (("check", "rules", MONITORING / "alerts.yaml"), ("test", "rules", MONITORING / "alerts_test.yaml"),
                 ("check", "config", MONITORING / "prometheus.yaml")):
        status, text = promtool(*args)
        assert status == 0, text
    tests = yaml.safe_load((MONITORING / "alerts_test.yaml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    alerts = [rule["alert"] for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
    for alert in alerts:
        assert alert in fired, f"no test in which {alert} fires"
        assert f"\n## {alert}\n" in runbook, f"no paragraph about {alert}"
    rules = tmp_path / "expressions.yaml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": [
        {"record": f"x:{number}", "expr": expr} for number, (_, expr) in enumerate(expressions())]}]}))
    status, text = promtool("check", "rules", rules)
    assert status == 0, text


def test_alerts_and_dashboards_use_metrics_that_exist():
    source = "\n".join(path.read_text() for part in ("lib", *STAGES) for path in (ROOT / part).rglob("*.c"))
    known = set(re.findall(r'"((?:quotebus|process)_[a-z_]+)"', source)) | {"up"}
    known |= {f"{name}_{part}" for name in known for part in ("bucket", "sum", "count")}
    for place, expr in expressions():
        text = re.sub(r'__name__=~"quotebus_\(validate\|persist\)_(\w+)"', r"quotebus_validate_\1 quotebus_persist_\1", expr)
        for name in re.findall(r"\b(?:quotebus|process)_[a-z_]+\b", re.sub(r'"[^"]*"', "", text)):
            assert name in known, f"{place} uses {name}, which no stage has"


def prometheus_alerts(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/alerts", timeout=5) as answer:
        return {(alert["labels"]["alertname"], alert["labels"].get("provider")): alert["state"]
                for alert in json.load(answer)["data"]["alerts"]}


def start_prometheus(stack, tmp_path):
    """A Prometheus of its own that scrapes the stages each second; alerts wait for seconds instead of minutes."""
    rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "3s"
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(rules))
    config = yaml.safe_load((MONITORING / "prometheus.yaml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    del config["alerting"]
    config["scrape_configs"][0]["static_configs"] = [
        {"targets": [f"127.0.0.1:{stack.ports[stage]}"], "labels": {"stage": stage}} for stage in STAGES]
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(config))
    port = free_port()
    child = subprocess.Popen(["prometheus", f"--config.file={tmp_path}/prometheus.yaml", f"--storage.tsdb.path={tmp_path}/data",
                              f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return child, port


def test_a_provider_that_fails_is_told_by_a_real_prometheus(pipeline, tmp_path):
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults:\n  down: { provider: kraken, kind: status_5xx }\n")
    pipeline.start("--faults", faults)
    for stage in STAGES:
        status, text = promtool("check", "metrics", text=pipeline.http(stage, "/metrics"))
        assert status == 0, f"{stage}: {text}"
    child, port = start_prometheus(pipeline.stack, tmp_path)
    try:
        def alerts():
            try:
                return prometheus_alerts(port)
            except OSError:
                return {}
        wait_for(lambda: alerts().get(("QuotebusProviderDown", "kraken")) == "firing", 60, "the alert fires", 0.5)
        print(alerts())
        assert not any(name == "QuotebusStageDown" for name, _ in alerts())
        assert ("QuotebusProviderDown", "yahoo") not in alerts()
        pipeline.stack.stop_process("validate")
        wait_for(lambda: alerts().get(("QuotebusStageDown", None)) == "firing", 30, "the stage that was stopped is told", 0.5)
    finally:
        child.terminate()
        child.wait(20)
