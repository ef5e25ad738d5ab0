"""The fetcher over TLS, beside a server that shares nothing with it: HTTP/2 on one connection, and certificates that count."""

import subprocess
import sys
import time

import pytest
from pipeline import wait_for
from stack import free_port, port_open

APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": f"{scope['http_version']} {scope['client'][1]}".encode()})
"""


@pytest.fixture
def server(tmp_path):
    """(port, certificate) of a server for localhost."""
    (tmp_path / "answer.py").write_text(APP)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], cwd=tmp_path, check=True, capture_output=True)
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "hypercorn", "--certfile", "certificate.pem", "--keyfile", "key.pem", "-b",
                                f"127.0.0.1:{port}", "answer:app"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: port_open(port), 20, "the server listens")
    time.sleep(0.2)
    yield port, tmp_path / "certificate.pem"
    process.terminate()
    process.wait(10)


def fetch(programs, authority, *urls):
    done = subprocess.run([programs / "fetch_urls", authority, *urls], capture_output=True, text=True, timeout=60, check=True)
    *answers, connections = done.stdout.splitlines()
    return answers, int(connections.split()[1])


def test_many_requests_share_one_http2_connection(programs, server):
    port, certificate = server
    answers, connections = fetch(programs, certificate, *[f"https://localhost:{port}/{number}" for number in range(30)])
    assert len(answers) == 30 and {answer.split()[:2] == ["200", "2"] for answer in answers} == {True}
    assert connections == 1 and len({answer.split()[2] for answer in answers}) == 1


def test_certificate_of_nobody_and_of_another_host_is_refused(programs, server):
    port, certificate = server
    for authority, host in (("-", "localhost"), (certificate, "127.0.0.1")):
        answers, _ = fetch(programs, authority, f"https://{host}:{port}/")
        assert answers == ["- unreachable: the TLS certificate of the host is not trusted"]
