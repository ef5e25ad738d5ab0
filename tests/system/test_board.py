"""The board in a real Chromium, on a real pipeline: pages, live prices, marks with evidence, the API, many clients."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from pipeline import wait_for
from stack import ROOT

SHOTS = ROOT / "build" / "board-screenshots"
CHROMIUM = shutil.which("chromium")
CLIENTS = 200
AXE = ROOT / "build" / "board-tests" / "node_modules" / "axe-core" / "axe.min.js"
FAULTS = "faults:\n  spike: { provider: coinbase, asset: \"crypto:BTC\", kind: spike, percent: 30, from_s: 4, every_n: 2 }\n"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture
def board(pipeline, programs, tmp_path):
    """A demo with a fault of one source, and the board on it."""
    if not (programs / "quotebus-board").exists():
        pytest.skip("quotebus-board was not built: it needs npm")
    faults = tmp_path / "faults.yaml"
    faults.write_text(FAULTS)
    pipeline.stack.extra_env["QUOTEBUS_PERSIST_AGGREGATE_EVERY_S"] = "5"
    pipeline.start("--faults", faults)
    pipeline.stack.start_board()
    wait_for(lambda: pipeline.stack.ready("board"), 20, "the board is ready")
    wait_for(lambda: pipeline.sql("select 1 from quotebus.anomaly n join quotebus.asset a using (asset_id) where a.id = 'crypto:BTC'"),
             40, "the fault is an anomaly")
    return pipeline


def ask(board, path, method="GET", headers=None):
    """Status, headers, body."""
    request = urllib.request.Request(board.stack.board_url.rstrip("/") + path, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def check_http(board):
    """Methods, errors, entity tags, headers."""
    status, headers, body = ask(board, "/")
    assert status == 200 and b"quotebus" in body
    assert headers["Content-Security-Policy"].startswith("default-src 'self'") and headers["X-Content-Type-Options"] == "nosniff"
    assert ask(board, "/", headers={"If-None-Match": headers["ETag"]})[0] == 304
    assert ask(board, "/app.js", "HEAD")[0] == 200
    for path, method, wanted in (("/api/nothing", "GET", 404), ("/api/assets", "POST", 405), ("/api/assets?x=1", "GET", 400),
                                 ("/api/assets/no:SUCH/lines", "GET", 404), ("/api/anomalies?limit=0", "GET", 400),
                                 ("/api/anomalies?asset=%00", "GET", 400)):
        status, headers, body = ask(board, path, method)
        assert (status, headers["Content-Type"]) == (wanted, "application/problem+json"), path
        assert json.loads(body)["status"] == wanted
    assert json.loads(ask(board, "/api/assets")[2])["items"]
    stages = {s["stage"]: s for s in json.loads(ask(board, "/api/pipeline")[2])["items"]}
    assert stages["validate"]["latency_p50_s"] > 0 and stages["persist"]["latency_p99_s"] > 0
    assert b"quotebus_board_clients" in ask(board, "/metrics")[2]
    assert ask(board, "/healthz")[0] == 200


def check_document(board):
    """Every resource that openapi.yaml describes answers, with all fields that it requires; and none is left undescribed."""
    yaml = pytest.importorskip("yaml")
    document = yaml.safe_load(ask(board, "/api/openapi.yaml")[2])
    for path, operations in document["paths"].items():
        filled = path
        for parameter in operations["get"]["parameters"]:
            if parameter["in"] == "path":
                filled = filled.replace("{%s}" % parameter["name"], parameter["example"])
        status, _, body = ask(board, filled)
        schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert status == 200, f"{filled}: {body}"
        assert set(schema["required"]) == set(json.loads(body)), filled
    sources = (ROOT / "board").rglob("*.c")
    described = set(document["paths"])
    assert {path for file in sources for path in re.findall(r'\.path = "([^"]+)"', file.read_text())} <= described


def check_by_generated_calls(board):
    """schemathesis makes calls from openapi.yaml and compares each answer with it. Its patterns are narrower than what is taken."""
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    if not program.exists():
        return
    done = subprocess.run([program, "run", ROOT / "board" / "openapi.yaml", "--url", board.stack.board_url.rstrip("/"), "--max-examples", "5",
                           "--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--seed", "1",
                           "--exclude-checks", "negative_data_rejection"],
                          capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def check_clients(board):
    """200 followers at once all get the next prices; memory stays bounded."""
    before = board.rss_mb("board")
    address = ("127.0.0.1", board.stack.ports["board"])
    clients = [socket.create_connection(address) for _ in range(CLIENTS)]
    try:
        for client in clients:
            client.settimeout(10)
            client.sendall(b"GET /api/events HTTP/1.1\r\nHost: board\r\n\r\n")
        for client in clients:
            text = b""
            while b"event: prices" not in text:
                part = client.recv(65536)
                assert part, "a client was let go"
                text += part
        grown = board.rss_mb("board") - before
        print(f"{CLIENTS} clients: {before:.1f} MB, {grown:.1f} MB more")
        assert grown < 40
    finally:
        for client in clients:
            client.close()
    wait_for(lambda: b"quotebus_board_clients 0" in ask(board, "/metrics")[2], 20, "the board notices that they are gone")


class Tab:
    """A page of the browser that notes what goes wrong in it."""

    def __init__(self, browser, board, size):
        width, height = SIZES[size]
        self.base = board.stack.board_url.rstrip("/")
        self.size = size
        self.page = browser.new_page(viewport={"width": width, "height": height}, bypass_csp=False)
        self.problems = []
        self.page.on("console", lambda m: self.problems.append(f"{m.text} {m.location}") if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("request", lambda r: None if r.url.startswith(self.base) else self.problems.append(f"asked elsewhere: {r.url}"))

    def open(self, path, name):
        self.page.goto(self.base + path)
        self.page.wait_for_selector("main[data-state=ready]", timeout=10000)
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=SHOTS / f"{name}-{self.size}.png", full_page=True)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= SIZES[self.size][0], f"{name} is {width} px wide"

    def check_accessible(self, name):
        self.page.evaluate(AXE.read_text())  # by the debugger, which the content security policy does not bind
        found = self.page.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.impact, v.nodes.map(n => n.html).slice(0, 3)]))")
        serious = [v for v in found if v[1] in ("serious", "critical")]
        assert not serious, f"{name}: {serious}"


def check_pages(browser, board):
    pages = {"/": "watch", "/asset/crypto%3ABTC": "asset", "/anomalies": "anomalies", "/providers": "providers", "/pipeline": "pipeline",
             "/rankings": "rankings", "/markets": "markets"}
    for size in SIZES:
        tab = Tab(browser, board, size)
        for path, name in pages.items():
            tab.open(path, name)
            if AXE.exists():
                tab.check_accessible(f"{name} ({size})")
        assert not tab.problems
        tab.page.close()


def check_live(browser, board):
    """Prices of the watch list change within 2 s of each other's look; the spike is a mark whose evidence opens."""
    tab = Tab(browser, board, "desktop")
    tab.open("/", "live")
    rows = "[...document.querySelectorAll('td.price')].map(c => c.textContent).join()"
    before = tab.page.evaluate(rows)
    began = time.monotonic()
    tab.page.wait_for_function(f"before => {rows} !== before", arg=before, timeout=2000)
    print(f"prices changed after {time.monotonic() - began:.2f} s")
    tab.open("/asset/crypto%3ABTC", "asset")
    mark = tab.page.locator("button.mark", has_text="coinbase").first
    mark.click(timeout=10000)
    text = tab.page.locator("#evidence").inner_text()
    assert "coinbase" in text and re.search(r"Weight", text)
    tab.page.screenshot(path=SHOTS / "evidence-desktop.png", full_page=True)
    tab.page.emulate_media(color_scheme="dark")
    tab.open("/asset/crypto%3ABTC", "asset-dark")
    assert not tab.problems
    tab.page.close()


def test_the_board_shows_a_running_demo_live_to_200_clients_without_errors_and_accessibly(board):
    playwright = pytest.importorskip("playwright.sync_api")
    SHOTS.mkdir(parents=True, exist_ok=True)
    check_http(board)
    check_document(board)
    check_by_generated_calls(board)
    check_clients(board)
    if not CHROMIUM:
        pytest.skip("chromium is not installed: tests/run board installs it")
    with playwright.sync_playwright() as driver:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        check_live(browser, board)
        check_pages(browser, board)
        browser.close()
    assert board.stack.stop_process("board") == 0
    assert pathlib.Path(SHOTS / "watch-phone.png").exists()
