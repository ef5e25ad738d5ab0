"""What deploy/ and compose/ hold fits together: units by systemd's own tool, the rest by its references."""

import re
import shutil
import subprocess

import pytest
import yaml
from stack import ROOT, STAGES

UNITS = ROOT / "deploy" / "systemd"
BASE = ROOT / "deploy" / "kubernetes" / "base"
EXPOSURE_MAX = 20  # tenths of what `systemd-analyze security` gives: 2.0 of 10


@pytest.fixture
def units(tmp_path, programs):
    """The units, with the programs under test in place of installed ones."""
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for path in folder.glob("*.service"):
        path.write_text(path.read_text().replace("/usr/bin/", f"{programs}/"))
    return folder


def test_systemd_finds_no_fault_with_the_units(units):
    names = [str(units / path.name.replace("@.", "@0.")) for path in sorted(units.glob("*.service"))]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *names, str(units / "quotebus.target")], capture_output=True,
                          text=True, check=False, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "quotebus" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_services_are_little_exposed(units):
    for path in sorted(units.glob("*.service")):
        done = subprocess.run(["systemd-analyze", "security", "--no-pager", "--offline=yes", f"--threshold={EXPOSURE_MAX}", str(path)],
                              capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def compose():
    return yaml.safe_load((ROOT / "compose" / "docker-compose.yml").read_text())


def test_what_the_containers_mount_and_wait_for_exists():
    whole = compose()
    for name, service in whole["services"].items():
        assert set(service.get("depends_on", {})) <= set(whole["services"]), name
        assert set(service.get("secrets", [])) <= set(whole["secrets"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / "compose" / source).exists() if source.startswith(".") else source in whole["volumes"], volume


def test_every_stage_can_be_scaled_and_writes_nothing_to_its_image():
    services = compose()["services"]
    for stage in STAGES:
        assert "ports" not in services[stage] and "container_name" not in services[stage], f"{stage}: a second one could not start"
        assert services[stage]["read_only"] and services[stage]["cap_drop"] == ["ALL"]


def test_prometheus_takes_the_configuration_of_the_containers(tmp_path):
    for source in ("compose/prometheus.yaml", "monitoring/alerts.yaml"):
        shutil.copy(ROOT / source, tmp_path)
    done = subprocess.run(["promtool", "check", "config", tmp_path / "prometheus.yaml"], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def objects():
    """All objects of the Kubernetes base, by kind."""
    found = {}
    for name in yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]:
        for item in yaml.safe_load_all((BASE / name).read_text()):
            found.setdefault(item["kind"], {})[item["metadata"]["name"]] = item
    return found


def test_what_the_pods_refer_to_is_generated():
    made = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    maps = {entry["name"] for entry in made["configMapGenerator"]}
    secrets = {entry["name"] for entry in made["secretGenerator"]}
    pods = objects()
    for item in [*pods["Deployment"].values(), *pods["Job"].values()]:
        spec = item["spec"]["template"]["spec"]
        assert spec["serviceAccountName"] in pods["ServiceAccount"] and not spec["automountServiceAccountToken"]
        for source in spec["containers"][0]["envFrom"]:
            assert source.get("configMapRef", {}).get("name", "quotebus") in maps
            assert source.get("secretRef", {}).get("name", "quotebus-writer") in secrets


def test_probes_ports_and_budgets_fit_the_deployments():
    made = objects()
    listens = yaml.safe_load((BASE / "kustomization.yaml").read_text())["configMapGenerator"][0]["literals"]
    for name, item in made["Deployment"].items():
        pod = item["spec"]["template"]
        container = pod["spec"]["containers"][0]
        port = container["ports"][0]["containerPort"]
        assert f"QUOTEBUS_{name.upper()}_LISTEN=0.0.0.0:{port}" in listens
        assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(port)
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        labels = pod["metadata"]["labels"]
        assert item["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert made["PodDisruptionBudget"][name]["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_keda_follows_groups_and_topics_that_exist():
    topics = yaml.safe_load((ROOT / "schemas" / "topics.yaml").read_text())
    config = yaml.safe_load((ROOT / "config" / "quotebus.yaml").read_text())
    made = objects()
    for name, item in made["ScaledObject"].items():
        assert item["spec"]["scaleTargetRef"]["name"] in made["Deployment"]
        trigger = item["spec"]["triggers"][0]["metadata"]
        assert trigger["consumerGroup"] == config[name]["group"]
        assert item["spec"]["maxReplicaCount"] <= topics[trigger["topic"]]["partitions"]


def test_the_environment_of_the_containers_names_fields_that_exist():
    config = yaml.safe_load((ROOT / "config" / "quotebus.yaml").read_text())
    known = {f"QUOTEBUS_{section}_{field}".upper() for section, fields in config.items() for field in fields}
    texts = [ROOT / "compose" / "docker-compose.yml", BASE / "kustomization.yaml", BASE / "persist.yaml"]
    named = {name for path in texts for name in re.findall(r"\bQUOTEBUS_[A-Z_]+", path.read_text())}
    assert named and named <= known
