"""Documents say what is so: the generated ones are up to date, the commands in them run."""

import os
import re
import subprocess
import sys

import yaml
from stack import ROOT


def test_generated_documents_are_up_to_date():
    done = subprocess.run([sys.executable, ROOT / "docs/generate.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_field_of_topics_and_configuration_is_explained():
    for page in ("topics.md", "configuration.md"):
        text = (ROOT / "docs" / page).read_text()
        assert not [line for line in text.splitlines() if line.startswith("| `") and line.endswith("|  |")], page


def test_asyncapi_refers_only_to_what_it_defines():
    document = yaml.safe_load((ROOT / "schemas/asyncapi.yaml").read_text())
    defined = {f"#/components/messages/{name}" for name in document["components"]["messages"]}
    used = {message["$ref"] for channel in document["channels"].values() for message in channel["messages"].values()}
    assert used == defined
    channels = {operation["channel"]["$ref"] for operation in document["operations"].values()}
    assert channels == {f"#/channels/{name}" for name in document["channels"]}


def commands():
    """Lines that begin with `$ ` in blocks marked ```console, in the order of the pages."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.S | re.M):
            yield from ((page.name, line[2:]) for line in block.splitlines() if line.startswith("$ "))


def test_commands_in_documents_run(pipeline, tmp_path):
    pipeline.start()
    pipeline.stack.run("quotebus", "tail", "quotes.clean", "--from", "start", "--follow", "--max", "300")
    pipeline.stop_ingest()
    env = {**os.environ, **pipeline.stack.config_env("quotebus_read"), "PATH": f"{pipeline.stack.bin}:{os.environ['PATH']}"}
    listed = list(commands())
    assert listed
    for page, command in listed:
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=60, env=env, cwd=tmp_path)
        assert done.returncode == 0, f"{page}: {command}\n{done.stderr[-1000:]}"
