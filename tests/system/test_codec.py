"""The codec, the resolution and the JSON of records beside fastavro, an implementation of Avro that shares nothing with ours."""

import copy
import datetime
import io
import itertools
import json
import math
import random
import struct
import subprocess
import sys

import fastavro
import pytest
from bus import ROOT

NAMES = sorted(path.stem for path in (ROOT / "schemas").glob("*.avsc"))
RECORDS = 300
LONG = 2 ** 63
ALPHABET = "AZaz09:.-\"\\\n\té€😀"


def content(name):
    return json.loads((ROOT / "schemas" / f"{name}.avsc").read_text())


def parsed(schema):
    return fastavro.parse_schema(copy.deepcopy(schema), named_schemas={})


def encode(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


def read(body, writer, reader=None):
    """The value in `body` as `reader` sees it; longs stay numbers, since no point in time of Python holds all of them."""
    source = io.BytesIO(body)
    value = fastavro.schemaless_reader(source, without_logical_types(writer), without_logical_types(reader) if reader else None)
    assert not source.read(1), "bytes behind the value"
    return value


def without_logical_types(schema):
    def strip(node):
        if isinstance(node, list):
            return [strip(item) for item in node]
        if isinstance(node, dict):
            return {key: strip(item) for key, item in node.items() if key not in ("logicalType", "__fastavro_parsed__", "__named_schemas")}
        return node
    return parsed(strip(schema))


def definitions(schema):
    """Every named type that is defined in a schema, by its name."""
    found = {}
    if isinstance(schema, list):
        for branch in schema:
            found.update(definitions(branch))
    elif isinstance(schema, dict):
        if "name" in schema and schema["type"] in ("record", "enum"):
            found[schema["name"]] = schema
        for part in [field["type"] for field in schema.get("fields", [])] + [schema.get("items"), schema.get("values")]:
            found.update(definitions(part))
    return found


class Maker:
    """Random values of a schema, the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.named = {}

    def double(self):
        if self.random.random() < 0.5:
            return round(self.random.uniform(-1e5, 1e5), 2)
        return struct.unpack("<d", self.random.randbytes(8))[0]

    def long(self, bound=LONG):
        return self.random.randrange(-bound, bound) >> self.random.randrange(bound.bit_length())

    def make(self, schema):
        if isinstance(schema, list):
            return self.make(self.random.choice(schema))
        if isinstance(schema, str) and schema in self.named:
            schema = self.named[schema]
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind in ("record", "enum"):
            self.named.update(definitions(schema))
        if kind == "record":
            return {field["name"]: self.make(field["type"]) for field in schema["fields"]}
        if kind == "array":
            return [self.make(schema["items"]) for _ in range(self.random.randrange(5))]
        if kind == "map":
            return {str(number): self.make(schema["values"]) for number in range(self.random.randrange(5))}
        simple = {"null": lambda: None, "boolean": lambda: self.random.random() < 0.5, "double": self.double, "long": self.long,
                  "int": lambda: self.long(2 ** 31), "string": lambda: "".join(self.random.choices(ALPHABET, k=self.random.randrange(40))),
                  "bytes": lambda: self.random.randbytes(self.random.randrange(20)), "float": lambda: float(self.random.randrange(1000)) / 8,
                  "enum": lambda: self.random.choice(schema["symbols"])}
        return simple[kind]()


@pytest.fixture
def tool(programs):
    """Calls avro_tool with a list of bodies; returns what it made of each, and raises for a body that it refuses."""
    def call(*arguments, bodies):
        frames = b"".join(struct.pack(">I", len(body)) + body for body in bodies)
        done = subprocess.run([programs / "avro_tool", *arguments], input=frames, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        results, at = [], 0
        while at < len(done.stdout):
            size, = struct.unpack_from(">I", done.stdout, at)
            result = done.stdout[at + 4:at + 4 + size]
            assert result[:1] == b"+", f"body {len(results)} was refused: {result[1:]}"
            results.append(result[1:])
            at += 4 + size
        assert len(results) == len(bodies)
        return results
    return call


@pytest.mark.parametrize("name", NAMES)
def test_random_records_of_every_schema_have_the_bytes_of_fastavro(tool, name):
    schema, maker = content(name), Maker(1)
    plain = without_logical_types(schema)
    bodies = [encode(plain, maker.make(schema)) for _ in range(RECORDS)]
    assert tool("roundtrip", name, bodies=bodies) == bodies


def in_blocks(schema, value, maker):
    """The encoding of `value` with its arrays cut into several blocks, some of them with their size in bytes."""
    schema = maker.named.get(schema.removeprefix("quotebus."), schema) if isinstance(schema, str) else schema
    if isinstance(schema, dict) and schema["type"] == "record":
        return b"".join(in_blocks(field["type"], value[field["name"]], maker) for field in schema["fields"])
    if isinstance(schema, dict) and schema["type"] == "array":
        out, left = b"", [in_blocks(schema["items"], item, maker) for item in value]
        while left:
            count = maker.random.randrange(1, len(left) + 1)
            items, left = b"".join(left[:count]), left[count:]
            head = encode("long", -count) + encode("long", len(items)) if maker.random.random() < 0.5 else encode("long", count)
            out += head + items
        return out + b"\0"
    return encode(without_logical_types(schema), value)


@pytest.mark.parametrize("name", NAMES)
def test_arrays_in_several_blocks_decode_to_the_same_record(tool, name):
    schema, maker = content(name), Maker(2)
    plain = without_logical_types(schema)
    values = [maker.make(schema) for _ in range(RECORDS)]
    assert tool("roundtrip", name, bodies=[in_blocks(plain, value, maker) for value in values]) == [encode(plain, value) for value in values]


# Fields that a version of a schema may have in addition, with the default that makes them compatible. (fastavro gives the defaults of
# bytes as text and does not complete those of records: test_decoder.c has these.)
ADDITIONS = [("venue", ["null", "string"], None), ("lot", "int", 100), ("tick", "double", 0.01), ("halted", "boolean", True),
             ("seen", "long", -5), ("note", "string", "né"), ("tags", {"type": "array", "items": "string"}, ["a", "b"]),
             ("tier", {"type": "enum", "name": "Tier", "symbols": ["LOW", "HIGH"]}, "HIGH"), ("kind", ["string", "null"], "x"),
             ("shares", {"type": "map", "values": "double"}, {}), ("ratio", "float", 0.5),
             ("place", {"type": "record", "name": "Place", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "long", "default": 7}]}, {"x": 1, "y": 2})]


def version(schema, seed):
    """Another version of a schema: some fields with defaults are gone, some are new, and the order is another, also inside."""
    chance = random.Random(seed)
    made = copy.deepcopy(schema)
    # fastavro does not match the name of a type with its definition: where fields share a type, they stay where they are.
    shared = any(f'"items": "{name}"' in json.dumps(schema) for name in definitions(schema))

    def change(record):
        record["fields"] = [field for field in record["fields"] if shared or "default" not in field or chance.random() < 0.7]
        for field in record["fields"]:
            inner = field["type"]
            if isinstance(inner, dict) and inner["type"] == "array" and isinstance(inner["items"], dict) and "fields" in inner["items"]:
                change(inner["items"])
        for name, kind, default in chance.sample(ADDITIONS, 4):
            kind = copy.deepcopy(kind)
            if isinstance(kind, dict) and "name" in kind:
                kind["name"] += record["name"]  # each type has a name of its own, the same one in all versions
            record["fields"].append({"name": name, "type": kind, "default": default})
        if not shared:
            chance.shuffle(record["fields"])

    change(made)
    return made


def same(a, b):
    """Equality in which NaN equals NaN."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return a == b and type(a) is type(b)


def check_resolution(tool, tmp_path, writer, reader, bodies):
    """What our resolution gives is what fastavro's gives."""
    (tmp_path / "writer").write_text(json.dumps(writer))
    (tmp_path / "reader").write_text(json.dumps(reader))
    for body, resolved in zip(bodies, tool("resolve", tmp_path / "writer", tmp_path / "reader", bodies=bodies)):
        expected, found = read(body, writer, reader), read(resolved, reader)
        assert same(expected, found), f"{expected}\n{found}"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", NAMES)
def test_versions_of_every_schema_are_read_as_fastavro_reads_them(tool, tmp_path, name, seed):
    old = content(name)
    for writer, reader in ((old, version(old, seed)), (version(old, seed), old), (version(old, seed), version(old, seed + 100))):
        maker = Maker(seed)
        bodies = [encode(without_logical_types(writer), maker.make(writer)) for _ in range(30)]
        check_resolution(tool, tmp_path, writer, reader, bodies)


@pytest.mark.parametrize("writer, reader", [
    ("int", "long"), ("int", "double"), ("long", "double"), ("float", "double"), ("int", ["null", "long"]),
    (["null", "int"], ["null", "double"]), (["int", "null"], ["null", "int"]), (["null", "string"], ["string", "null"]),
    ({"type": "array", "items": "int"}, {"type": "array", "items": "double"}), ({"type": "map", "values": "int"}, {"type": "map", "values": "long"}),
    ({"type": "enum", "name": "E", "symbols": ["A", "B", "C"]}, {"type": "enum", "name": "E", "symbols": ["C", "A", "D", "B"]}),
], ids=itertools.count())
def test_changed_types_are_read_as_fastavro_reads_them(tool, tmp_path, writer, reader):
    def record(kind):
        return {"type": "record", "name": "R", "fields": [{"name": "before", "type": "string"}, {"name": "value", "type": kind}]}
    maker = Maker(4)
    bodies = [encode(parsed(record(writer)), maker.make(record(writer))) for _ in range(100)]
    check_resolution(tool, tmp_path, record(writer), record(reader), bodies)


def as_json(schema, value, named):
    """What the JSON of a value must be."""
    if isinstance(schema, list):
        other, = (branch for branch in schema if branch != "null")
        return None if value is None else as_json(other, value, named)
    if isinstance(schema, str):
        schema = named.get(schema, {"type": schema})
    if schema["type"] == "record":
        return {field["name"]: as_json(field["type"], value[field["name"]], named) for field in schema["fields"]}
    if schema["type"] == "array":
        return [as_json(schema["items"], item, named) for item in value]
    if schema.get("logicalType") == "timestamp-micros":
        try:
            moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value)
            return moment.isoformat(timespec="microseconds") + "Z"
        except OverflowError:
            return value
    if schema.get("logicalType") == "date":
        try:
            return (datetime.date(1970, 1, 1) + datetime.timedelta(days=value)).isoformat()
        except OverflowError:
            return value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


@pytest.mark.parametrize("name", NAMES)
def test_json_of_random_records_has_their_values(tool, name):
    schema, maker = content(name), Maker(5)
    values = [maker.make(schema) for _ in range(RECORDS)]
    bodies = [encode(without_logical_types(schema), value) for value in values]
    for value, text in zip(values, tool("json", ROOT / "schemas" / f"{name}.avsc", bodies=bodies)):
        assert json.loads(text) == as_json(schema, value, maker.named)


@pytest.mark.parametrize("kind, says", [
    (["null", "string", "int"], "Odd.value: only unions of null and one other type"),
    (["null", {"type": "array", "items": "int"}], "Odd.value: only string, double, long, int and enums can be nullable"),
    ("bytes", "Odd.value: type 'bytes' is not supported"),
    ({"type": "array", "items": ["null", "string"]}, "Odd.value: arrays of optional are not supported"),
    ({"type": "record", "name": "SourcePrice", "fields": []}, "SourcePrice is defined differently elsewhere"),
], ids=itertools.count())
def test_the_generator_names_what_it_does_not_support(tmp_path, kind, says):
    path = tmp_path / "odd.avsc"
    path.write_text(json.dumps({"type": "record", "name": "Odd", "fields": [{"name": "value", "type": kind}]}))
    schemas = sorted((ROOT / "schemas").glob("*.avsc"))
    done = subprocess.run([sys.executable, ROOT / "schemas" / "generate.py", "--out", tmp_path / "out", *schemas, path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert says in done.stderr
    assert not (tmp_path / "out" / "quotebus_records.c").exists()
