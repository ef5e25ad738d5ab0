"""Documents say what is so: the generated ones are up to date."""

import subprocess
import sys

import yaml
from stack import ROOT


def test_generated_documents_are_up_to_date():
    done = subprocess.run([sys.executable, ROOT / "docs/generate.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_field_of_a_topic_is_explained():
    assert not [line for line in (ROOT / "docs/topics.md").read_text().splitlines() if line.startswith("| `") and line.endswith("|  |")]


def test_asyncapi_refers_only_to_what_it_defines():
    document = yaml.safe_load((ROOT / "schemas/asyncapi.yaml").read_text())
    defined = {f"#/components/messages/{name}" for name in document["components"]["messages"]}
    used = {message["$ref"] for channel in document["channels"].values() for message in channel["messages"].values()}
    assert used == defined
    channels = {operation["channel"]["$ref"] for operation in document["operations"].values()}
    assert channels == {f"#/channels/{name}" for name in document["channels"]}
