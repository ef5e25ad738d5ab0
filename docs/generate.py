#!/usr/bin/env python3
"""Makes the pages and the AsyncAPI document that repeat what the sources say, so that they cannot differ from them.

    docs/generate.py [--check]

docs/configuration.md from the tables of lib/base/config_*.c and the comments of lib/base/config.h; docs/topics.md and
schemas/asyncapi.yaml from schemas/topics.yaml and schemas/*.avsc. With --check nothing is written: status 1 if a file is old.
"""

import json
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
AVRO_FORMAT = "application/vnd.apache.avro+json;version=1.9.0"
TYPES = {"TEXT": "text", "INT": "whole number", "DOUBLE": "number", "BOOL": "true or false", "TEXT_LIST": "list of texts"}
# Table in the sources -> (heading, path of a field in the file)
COLLECTIONS = {
    "provider": ("providers", "providers.NAME"),
    "asset": ("assets", "assets.CLASS:CODE"),
    "job": ("jobs", "jobs.NAME"),
}
HTTP_MEANINGS = {
    "listen": "address and port of /healthz, /readyz and /metrics",
    "stop_timeout_ms": "how long the stage may take to stop in order",
}


class Unreadable(Exception):
    """A source does not look as this script expects; the message says where."""


def comments(header):
    """(struct, member) -> comment, for each struct of config.h."""
    found = {}
    for struct, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", header, re.S | re.M):
        for member, comment in re.findall(r"^\s+[\w ]+?[ *](\w+);[^\n]*?/\*\*?<\s*(.*?)\s*\*/", body, re.M):
            found[struct, member] = comment
    return found


def split_arguments(text):
    """Arguments of a macro, split at commas outside quotation marks."""
    return [part.strip() for part in re.findall(r'(?:"[^"]*"|[^,"])+', text)]


def number(text):
    """A bound as a reader writes it: days and powers are worked out."""
    value = 1.0
    for factor in re.sub(r"DAY_S", "86400", text.replace("SHARDS_MAX", "64")).split("*"):
        value *= float(factor)
    return f"{value:g}" if value != int(value) else str(int(value))


def default_of(text):
    """What a field is when nobody sets it."""
    if text is None:
        return "empty"
    if text == "NULL":
        return "must be set"
    return f"`{text.strip('()').strip(chr(34))}`" if text.strip('()"') else "empty"


def table_rows(table, body, meanings):
    """Rows (name, type, bounds, default, meaning) of one table of fields."""
    http = re.search(r"HTTP_FIELDS\(struct \w+, (\"[^\"]*\")\)", body)
    if http:
        yield "listen", "text", "", default_of(http.group(1)), HTTP_MEANINGS["listen"]
        yield "stop_timeout_ms", "whole number", "100 to 600000", "`8000`", HTTP_MEANINGS["stop_timeout_ms"]
    for kind, arguments in re.findall(r"YAML_(TEXT_LIST|TEXT|INT|DOUBLE|BOOL)\((.*?)\),\n", body):
        struct, name, *rest = split_arguments(arguments)
        bounds = f"{number(rest[1])} to {number(rest[2])}" if len(rest) == 3 else ""
        meaning = meanings.get((struct.removeprefix("struct "), name), "")
        yield name, TYPES[kind], bounds, default_of(rest[0] if rest else None), meaning
    if "YAML_" not in body:
        raise Unreadable(f"{table}: no fields")


def configuration():
    """docs/configuration.md"""
    base = ROOT / "lib/base"
    meanings = comments((base / "config.h").read_text(encoding="utf-8"))
    out = [
        "# Each field of the configuration\n\n<!-- Made by docs/generate.py: do not edit. -->\n\n"
        "The file is [config/quotebus.yaml](../config/quotebus.yaml). A value is taken from `--set path=value`, else from the environment\n"
        "(`kafka.brokers` is `QUOTEBUS_KAFKA_BROKERS`), else from the file, else it is the default. `quotebus config show --origin` prints\n"
        "where each value comes from. Unknown keys and values out of bounds are errors that name file, line and field.\n"
        "The suffix of a name is its unit: `_ms` milliseconds, `_s` seconds, `_d` days, `_bytes` bytes.\n"
    ]
    for source in ("config_sections.c", "config_catalog.c"):
        text = (base / source).read_text(encoding="utf-8")
        for table, body in re.findall(r"^static const struct yaml_field (\w+)_fields\[\] = \{\n(.*?)^\};", text, re.S | re.M):
            heading, path = COLLECTIONS.get(table, (table, table))
            out.append(f"\n## {heading}\n\nFields of `{path}`.\n\n| field | type | bounds | default | meaning |\n|---|---|---|---|---|\n")
            out += [f"| `{row[0]}` | " + " | ".join(cell.replace("|", "\\|") for cell in row[1:]) + " |\n" for row in table_rows(table, body, meanings)]
            if table == "asset":
                out.append("\n`symbols` maps the name of a provider to the asset's symbol there. At least one is needed.\n")
            if table == "job":
                out.append("\n`params` maps names to what the endpoint takes beyond the assets, e.g. `time_period: 20`.\n")
    return "".join(out)


def type_name(schema):
    """An Avro type in words."""
    if isinstance(schema, list):
        return " or ".join(type_name(branch) for branch in schema)
    if isinstance(schema, str):
        return schema
    if schema["type"] == "array":
        return f"array of {type_name(schema['items'])}"
    if schema["type"] == "enum":
        return "one of " + ", ".join(schema["symbols"])
    return schema.get("logicalType") or schema.get("name") or schema["type"]


def inner_records(schema):
    """Records that stand inside a type."""
    if isinstance(schema, list):
        return [record for branch in schema for record in inner_records(branch)]
    if isinstance(schema, dict) and schema["type"] == "array":
        return inner_records(schema["items"])
    return [schema] if isinstance(schema, dict) and schema["type"] == "record" else []


def field_tables(record, level):
    """Tables of the fields of a record and of the records in it."""
    out = [f"\n{'#' * level} {record['name']}\n\n{record.get('doc', '')}\n\n| field | type | meaning and unit |\n|---|---|---|\n"]
    for field in record["fields"]:
        meaning = field.get("doc", "").replace("|", "\\|")
        out.append(f"| `{field['name']}` | {type_name(field['type'])} | {meaning} |\n")
    for field in record["fields"]:
        for inner in inner_records(field["type"]):
            out += field_tables(inner, level + 1)
    return out


def sources():
    """Topics by name, and the schema of each by the name of its file."""
    topics = yaml.safe_load((ROOT / "schemas/topics.yaml").read_text(encoding="utf-8"))
    names = sorted({row["schema"] for row in topics.values()} - {"none"})
    return topics, {name: json.loads((ROOT / f"schemas/{name}.avsc").read_text(encoding="utf-8")) for name in names}


def topics_page():
    """docs/topics.md"""
    topics, schemas = sources()
    out = [
        "# Each topic and each field\n\n<!-- Made by docs/generate.py: do not edit. -->\n\n"
        "Values are Avro in the Confluent wire format. timestamp-micros is microseconds since 1970, UTC. A topic with dead letters has\n"
        "`TOPIC.dlq` beside it: 1 partition, 30 days.\n\n| topic | record | partitions | kept | dead letters |\n|---|---|---|---|---|\n"
    ]
    for topic, row in topics.items():
        kept = "newest of each key" if row["cleanup"] == "compact" else f"{row['retention_d']} days"
        record = schemas[row["schema"]]["name"] if row["schema"] in schemas else "bytes"
        out.append(f"| `{topic}` | {record} | {row['partitions']} | {kept} | {'yes' if row.get('dead_letters') else 'no'} |\n")
    for schema in schemas.values():
        out += field_tables(schema, 2)
    return "".join(out)


def asyncapi():
    """schemas/asyncapi.yaml: AsyncAPI 3.0, Avro schemas as multi-format schema objects."""
    topics, schemas = sources()
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "quotebus", "version": "1.0.0", "description": "Market data, judged, as Kafka topics. See docs/topics.md."},
        "defaultContentType": "application/vnd.apache.avro",
        "servers": {"local": {"host": "127.0.0.1:9092", "protocol": "kafka"}},
        "channels": {},
        "operations": {},
        "components": {"messages": {}},
    }
    for topic, row in topics.items():
        if row["schema"] not in schemas:
            continue
        message = schemas[row["schema"]]["name"]
        name = re.sub(r"\.(\w)", lambda match: match.group(1).upper(), topic)
        cleanup = {"cleanup.policy": [row["cleanup"]]}
        if row["cleanup"] == "delete":
            cleanup["retention.ms"] = row["retention_d"] * 86400000
        document["channels"][name] = {
            "address": topic,
            "messages": {message: {"$ref": f"#/components/messages/{message}"}},
            "bindings": {"kafka": {"topic": topic, "partitions": row["partitions"], "topicConfiguration": cleanup, "bindingVersion": "0.5.0"}},
        }
        document["operations"][f"read{name[0].upper()}{name[1:]}"] = {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}}
    for schema in schemas.values():
        document["components"]["messages"][schema["name"]] = {
            "name": schema["name"],
            "summary": schema.get("doc", ""),
            "payload": {"schemaFormat": AVRO_FORMAT, "schema": schema},
        }
    head = "# Made from topics.yaml and *.avsc by docs/generate.py: do not edit.\n"
    return head + yaml.dump(document, Dumper=Plain, sort_keys=False, allow_unicode=True, width=140)


class Plain(yaml.SafeDumper):
    """Writes everything out: no anchors, which readers of AsyncAPI may not know."""

    def ignore_aliases(self, data):
        return True


PAGES = {"docs/configuration.md": configuration, "docs/topics.md": topics_page, "schemas/asyncapi.yaml": asyncapi}


def main(argv):
    old = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            old.append(name)
            if "--check" not in argv:
                path.write_text(text, encoding="utf-8")
    if "--check" in argv and old:
        print(f"not up to date: {', '.join(old)}: run docs/generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
