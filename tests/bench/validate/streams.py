"""The Kafka Streams application of tests/bench/streams: fetched by Maven, compiled, run over the raw topic."""

import json
import subprocess

from bench import ROOT, Failure, find_java, memory_mb

SOURCE = ROOT / "tests" / "bench" / "streams"
BUILD = ROOT / "build" / "bench" / "streams"


def run(argv, what):
    done = subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        raise Failure(f"{what} failed: {(done.stderr or done.stdout).strip()[-800:]}")


def build():
    """The class path of the compiled application."""
    libraries, classes = BUILD / "lib", BUILD / "classes"
    run(["bash", "-c", "source compose/lib/install.sh && need_packages streams"], "installing a JDK")
    if not libraries.exists():
        run(["mvn", "-B", "-q", "-f", SOURCE / "pom.xml", "package", f"-Dlibraries.dir={libraries}"], "fetching Kafka Streams by Maven")
    classes.mkdir(parents=True, exist_ok=True)
    run([f"{find_java()}c", "-cp", f"{libraries}/*", "-d", classes, SOURCE / "Judge.java"], "compiling the Kafka Streams application")
    return f"{classes}:{libraries}/*"


def measure(bench):
    """Lets it judge the whole raw topic. Returns its own figures and its memory at the highest."""
    class_path = build()
    bench.make_outputs("streams")
    process = bench.spawn("streams", [find_java(), "-Xmx1g", "-cp", class_path, "Judge", bench.stack.brokers, bench.topic("quotes.raw"),
                                      bench.topic("streams.quotes.clean"), bench.folder / "streams", bench.options.quotes])
    memory = 0.0

    def done():
        nonlocal memory
        if process.running():
            memory = max(memory, memory_mb(process.pid, "VmHWM"))
        return not process.running()
    bench.wait(done, "the Kafka Streams application was done", dying=process)
    bench.stack.stop_process("streams")
    lines = [line for line in process.log_tail(50).splitlines() if line.startswith("{")]
    if not lines:
        raise Failure(f"the Kafka Streams application ended early: {process.log_tail(20)}")
    return {**json.loads(lines[-1]), "memory_mb": memory}
