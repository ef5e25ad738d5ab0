"""Kafka with client certificates, and PostgreSQL with sslmode=verify-full, by the settings of docs/security.md."""

import json
import pathlib
import shutil
import subprocess
import tempfile

import pytest
import yaml
from conftest import bin_dir
from stack import DEFAULT_PORTS, ROOT, Stack, free_port


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, timeout=30)


@pytest.fixture(scope="module")
def certificates():
    """A folder of ca.pem, another authority's other.pem, and of server and client NAME.key, NAME.pem."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="quotebus-tls-"))
    folder.chmod(0o755)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
    for name in ("server", "client"):
        openssl("req", "-x509", *key, "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-addext",
                "basicConstraints=critical,CA:FALSE", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def secured(certificates):
    """Kafka with a TLS listener beside its plain one, and PostgreSQL that speaks TLS. Gives the stack and the port."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="quotebus-secured-"))
    folder.chmod(0o755)
    made = Stack(folder, {name: free_port() for name in DEFAULT_PORTS}, bin_dir())
    port = free_port()
    both = f"PLAINTEXT://127.0.0.1:{made.ports['kafka']},SSL://127.0.0.1:{port}"
    store = certificates / "keystore.pem"
    store.write_text((certificates / "server.key").read_text() + (certificates / "server.pem").read_text())
    try:
        made.prepare()
        made.start_kafka({
            "listeners": f"{both},CONTROLLER://127.0.0.1:{made.ports['controller']}", "advertised.listeners": both,
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL",
            "ssl.keystore.type": "PEM", "ssl.keystore.location": store, "ssl.truststore.type": "PEM",
            "ssl.truststore.location": certificates / "ca.pem", "ssl.client.auth": "required",
        })
        made.start_postgres()
        for name in ("server.key", "server.pem"):
            target = shutil.copy(certificates / name, folder / "postgres" / "data")
            pathlib.Path(target).chmod(0o600)
            if made.postgres_user():
                shutil.chown(target, made.postgres_user(), made.postgres_user())
        for setting in ("ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'", "ssl = on"):
            made.psql(f"alter system set {setting}", database="postgres")
        made.psql("select pg_reload_conf()", database="postgres")
        yield made, port
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def doctor(secured, certificates, check, authority, client=True):
    """How `quotebus doctor` finds the broker or the database over TLS."""
    stack, port = secured
    properties = ["security.protocol=ssl", f"ssl.ca.location={certificates / authority}", "ssl.endpoint.identification.algorithm=https"]
    if client:
        properties += [f"ssl.certificate.location={certificates / 'client.pem'}", f"ssl.key.location={certificates / 'client.key'}"]
    conninfo = stack.conninfo_for("admin", "postgres") + f" sslmode=verify-full sslrootcert={certificates / authority}"
    env = {"QUOTEBUS_KAFKA_BROKERS": f"127.0.0.1:{port}", "QUOTEBUS_KAFKA_PROPERTIES": ",".join(properties),
           "QUOTEBUS_POSTGRES_CONNINFO": conninfo}
    for name in yaml.safe_load((ROOT / "config" / "quotebus.yaml").read_text())["providers"]:
        env[f"QUOTEBUS_PROVIDERS_{name.upper()}_BASE_URL"] = f"http://127.0.0.1:{stack.ports['sim']}"  # nobody there: no call goes out
    done = stack.run("quotebus", "doctor", "--json", env=env, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return next(row for row in rows if row["check"] == check)["state"]


def test_a_broker_with_client_certificates_is_reached_and_a_stranger_is_not_believed(secured, certificates):
    assert doctor(secured, certificates, "kafka", "ca.pem") == "ok"
    assert doctor(secured, certificates, "kafka", "other.pem") != "ok"
    assert doctor(secured, certificates, "kafka", "ca.pem", client=False) != "ok"


def test_a_database_whose_certificate_is_another_authoritys_is_refused(secured, certificates):
    assert doctor(secured, certificates, "postgres", "ca.pem") == "ok"
    assert doctor(secured, certificates, "postgres", "other.pem") != "ok"
