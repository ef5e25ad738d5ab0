#!/usr/bin/env python3
"""Makes typed C structs with encode and decode from Avro schemas: quotebus_records.h and quotebus_records.c.

    generate.py --out DIR FILE.avsc...

Supported: records of string, double, long, int, boolean, enum, nullable string/double/long/int/enum, arrays of string, double, long,
enum or record. timestamp-micros fields get the suffix _us. A named type that several files define must be the same in all of them.
"""

import argparse
import json
import pathlib
import re
import sys


class Unsupported(Exception):
    """A schema uses what this generator does not know; the message says what to do."""


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Scalar:
    """A primitive: its C type, how it is read and written, the fewest and most bytes it takes."""

    def __init__(self, c_type, read, write, least, bound, optional=None):
        self.c_type, self.read, self.write, self.least, self.bound, self.optional = c_type, read, write, least, bound, optional


SCALARS = {
    "string": Scalar("struct str ", "avro_read_string(in, &{0})", "avro_write_string(at, {0})", 1, "AVRO_LONG_BYTES + {0}.len", "opt_str"),
    "double": Scalar("double ", "avro_read_double(in, &{0})", "avro_write_double(at, {0})", 8, "8", "opt_double"),
    "long": Scalar("int64_t ", "avro_read_long(in, &{0})", "avro_write_long(at, {0})", 1, "AVRO_LONG_BYTES", "opt_long"),
    "int": Scalar("int32_t ", "avro_read_int(in, &{0})", "avro_write_long(at, {0})", 1, "AVRO_INT_BYTES", "opt_int"),
    "boolean": Scalar("bool ", "avro_read_boolean(in, &{0})", "avro_write_boolean(at, {0})", 1, "1"),
}


class Named:
    """A record or an enum with its place in the output: a type comes before those that use it."""

    def __init__(self, schema, order):
        self.schema, self.order = schema, order
        self.name, self.c_name = schema["name"], snake(schema["name"])
        self.is_enum = schema["type"] == "enum"

    def scalar(self):
        """An enum as a primitive."""
        return Scalar(f"enum {self.c_name} ", f"{self.c_name}_read(in, &{{0}})", "avro_write_long(at, (int64_t){0})", 1, "AVRO_INT_BYTES",
                      f"opt_{self.c_name}")


class Generator:
    def __init__(self):
        self.types = {}   # name -> Named
        self.tops = []    # (Named, schema as JSON)

    def collect(self, schema, where):
        """Registers the named types in `schema`, inner ones first."""
        if isinstance(schema, list):
            for branch in schema:
                self.collect(branch, where)
        elif isinstance(schema, dict) and schema["type"] == "array":
            self.collect(schema["items"], where)
        elif isinstance(schema, dict) and schema["type"] in ("record", "enum"):
            for field in schema.get("fields", []):
                self.collect(field["type"], f"{where}.{field['name']}")
            known = self.types.get(schema["name"])
            if known is None:
                self.types[schema["name"]] = Named(schema, len(self.types))
            elif known.schema != schema:
                raise Unsupported(f"{where}: {schema['name']} is defined differently elsewhere: give it another name or the same definition")

    def add(self, path):
        schema = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(schema, dict) or schema.get("type") != "record":
            raise Unsupported(f"{path}: the schema must be a record")
        self.collect(schema, path.name)
        self.tops.append((self.types[schema["name"]], json.dumps(schema, ensure_ascii=False, separators=(",", ":"))))

    def shape(self, schema, where):
        """(kind, detail): scalar (an enum too), record, array or optional."""
        if isinstance(schema, dict) and "logicalType" in schema and schema["type"] in SCALARS:
            schema = schema["type"]
        if isinstance(schema, list):
            if len(schema) != 2 or "null" not in schema:
                raise Unsupported(f"{where}: only unions of null and one other type are supported")
            value = schema[1 - schema.index("null")]
            kind, scalar = self.shape(value, where)
            if kind != "scalar" or scalar.optional is None:
                raise Unsupported(f"{where}: only string, double, long, int and enums can be nullable")
            return "optional", (scalar, schema.index("null"))
        if isinstance(schema, str) and schema in SCALARS:
            return "scalar", SCALARS[schema]
        name = schema if isinstance(schema, str) else schema.get("name")
        if isinstance(schema, dict) and schema["type"] == "array":
            return "array", self.shape(schema["items"], where)
        if name in self.types:
            named = self.types[name]
            return ("scalar", named.scalar()) if named.is_enum else ("record", named)
        raise Unsupported(f"{where}: type {schema!r} is not supported; add it to generate.py")

    def least(self, schema, where):
        """Fewest bytes of a value, so that an array cannot claim more items than there are bytes for."""
        kind, detail = self.shape(schema, where)
        if kind == "record":
            return sum(self.least(f["type"], f"{where}.{f['name']}") for f in detail.schema["fields"])
        return detail.least if kind == "scalar" else 1

    @staticmethod
    def member(field):
        """C name of a field: time stamps say their unit."""
        types = field["type"] if isinstance(field["type"], list) else [field["type"]]
        stamped = any(isinstance(t, dict) and t.get("logicalType") == "timestamp-micros" for t in types)
        return field["name"] + ("_us" if stamped else "")

    # ---- header

    def declare_field(self, field, where):
        kind, detail = self.shape(field["type"], where)
        name = self.member(field)
        doc = f" /**< {field['doc']} */" if field.get("doc") else ""
        if kind == "scalar":
            return f"    {detail.c_type}{name};{doc}\n"
        if kind == "optional":
            return f"    struct {detail[0].optional} {name};{doc}\n"
        if kind == "record":
            return f"    struct {detail.c_name} {name};{doc}\n"
        inner_kind, inner = detail
        if inner_kind not in ("scalar", "record"):
            raise Unsupported(f"{where}: arrays of {inner_kind} are not supported; add it to generate.py")
        c_type = inner.c_type if inner_kind == "scalar" else f"struct {inner.c_name} "
        return f"    {c_type}*{name};{doc}\n    size_t {name}_count;\n"

    def declare(self, named):
        doc = f"/** {named.schema['doc']} */\n" if named.schema.get("doc") else ""
        upper = named.c_name.upper()
        if named.is_enum:
            symbols = "".join(f"    {upper}_{symbol},\n" for symbol in named.schema["symbols"])
            return (f"{doc}enum {named.c_name} {{\n{symbols}    {upper}_COUNT\n}};\n"
                    f"struct opt_{named.c_name} {{\n    bool set;\n    enum {named.c_name} value;\n}};\n"
                    f"/** The symbol as text. */\nconst char *{named.c_name}_name(enum {named.c_name} value);\n\n")
        fields = "".join(self.declare_field(f, f"{named.name}.{f['name']}") for f in named.schema["fields"])
        return f"{doc}struct {named.c_name} {{\n{fields}}};\n\n"

    def header(self):
        out = ["/* Generated from the .avsc files by schemas/generate.py: do not edit. */\n"
               "#ifndef QUOTEBUS_RECORDS_H\n#define QUOTEBUS_RECORDS_H\n\n#include \"base/bytes.h\"\n#include \"base/error.h\"\n\n"]
        out += [self.declare(named) for named in sorted(self.types.values(), key=lambda n: n.order)]
        for named, _ in self.tops:
            out.append(f"/** The schema as JSON on one line. */\nextern const char {named.c_name}_schema_json[];\n"
                       f"/** Appends the Avro encoding. */\n"
                       f"void {named.c_name}_encode(const struct {named.c_name} *record, struct buf *out);\n"
                       f"/** Reads exactly one record. Strings are borrowed from `body`, arrays from the arena. */\n"
                       f"bool {named.c_name}_decode(struct str body, struct arena *arena, struct {named.c_name} *record,\n"
                       f"    struct error *error) MUST_CHECK;\n\n")
        out.append("/** One record type without its type, for code that serves all of them. */\n"
                   "struct record_codec {\n"
                   "    const char *name;        /**< of the .avsc file, without ending */\n"
                   "    const char *schema_json;\n"
                   "    size_t size;             /**< of the struct */\n"
                   "    bool (*decode)(struct str body, struct arena *arena, void *record, struct error *error);\n"
                   "    void (*encode)(const void *record, struct buf *out);\n"
                   "};\n/** All record types, ended by a NULL name. */\nextern const struct record_codec record_codecs[];\n\n#endif\n")
        return "".join(out)

    # ---- source

    def bound_terms(self, named):
        """Expressions whose sum is the most bytes a record takes, and statements for its arrays."""
        terms, loops = [], []
        for field in named.schema["fields"]:
            kind, detail = self.shape(field["type"], field["name"])
            place = f"record->{self.member(field)}"
            if kind == "scalar":
                terms.append(detail.bound.format(place))
            elif kind == "optional":
                terms.append("1 + " + detail[0].bound.format(f"{place}.value"))
            elif kind == "record":
                terms.append(f"{detail.c_name}_bound(&{place})")
            else:
                terms.append("2 * AVRO_LONG_BYTES")
                inner_kind, inner = detail
                item = f"{inner.c_name}_bound(&{place}[i])" if inner_kind == "record" else inner.bound.format(f"{place}[i]")
                loops.append(f"    for (size_t i = 0; i < {place}_count; i++)\n        bytes += {item};\n")
        return terms, loops

    def write_statement(self, field):
        kind, detail = self.shape(field["type"], field["name"])
        place = f"record->{self.member(field)}"
        if kind == "scalar":
            return f"    at = {detail.write.format(place)};\n"
        if kind == "record":
            return f"    at = {detail.c_name}_write(&{place}, at);\n"
        if kind == "optional":
            scalar, null_at = detail
            return (f"    *at++ = {place}.set ? {2 * (1 - null_at)} : {2 * null_at};\n    if ({place}.set)\n"
                    f"        at = {scalar.write.format(place + '.value')};\n")
        inner_kind, inner = detail
        item = f"{inner.c_name}_write(&{place}[i], at)" if inner_kind == "record" else inner.write.format(f"{place}[i]")
        return (f"    if ({place}_count)\n        at = avro_write_long(at, (int64_t){place}_count);\n"
                f"    for (size_t i = 0; i < {place}_count; i++)\n        at = {item};\n    *at++ = 0;\n")

    def read_statement(self, field, where):
        kind, detail = self.shape(field["type"], where)
        place = f"record->{self.member(field)}"
        fail = "        return false;\n"
        if kind == "scalar":
            return f"    if (!{detail.read.format(place)})\n{fail}"
        if kind == "record":
            return f"    if (!{detail.c_name}_read(in, arena, &{place}))\n{fail}"
        if kind == "optional":
            scalar, null_at = detail
            return (f"    if (!avro_read_index(in, 2, \"bad_union\", &index))\n{fail}    {place}.set = index == {1 - null_at};\n"
                    f"    if ({place}.set && !{scalar.read.format(place + '.value')})\n{fail}")
        inner_kind, inner = detail
        item = f"{inner.c_name}_read(in, arena, &{place}[i])" if inner_kind == "record" else inner.read.format(f"{place}[i]")
        schema = field["type"]["items"]
        return (f"    for (size_t more = 1, cap = 0; more > 0;) {{\n        size_t i = {place}_count;\n"
                f"        if (!avro_read_block(in, {self.least(schema, where)}, i, &more))\n    {fail}"
                f"        {place} = avro_grow(arena, {place}, i, more, sizeof(*{place}), &cap);\n"
                f"        for ({place}_count += more; i < {place}_count; i++) {{\n            if (!{item})\n        {fail}        }}\n    }}\n")

    @staticmethod
    def define_enum(named):
        name = named.c_name
        names = ", ".join(json.dumps(symbol) for symbol in named.schema["symbols"])
        return (f"const char *{name}_name(enum {name} value)\n{{\n    static const char *const names[] = {{{names}}};\n"
                f"    return (size_t)value < sizeof(names) / sizeof(names[0]) ? names[value] : \"?\";\n}}\n\n"
                f"static bool {name}_read(struct avro_reader *in, enum {name} *value)\n{{\n    int64_t index;\n"
                f"    if (!avro_read_index(in, {len(named.schema['symbols'])}, \"bad_enum\", &index))\n        return false;\n"
                f"    *value = (enum {name})index;\n    return true;\n}}\n\n")

    def define_record(self, named):
        name = named.c_name
        terms, loops = self.bound_terms(named)
        reads = "".join(self.read_statement(f, f"{named.name}.{f['name']}") for f in named.schema["fields"])
        index = "    int64_t index;\n" if "&index" in reads else ""
        unused = "" if "arena" in reads else "    (void)arena;\n"
        writes = "".join(map(self.write_statement, named.schema["fields"]))
        same_size = "" if any("record->" in term for term in terms + loops) else "    (void)record;\n"
        return (f"static size_t {name}_bound(const struct {name} *record)\n{{\n{same_size}    size_t bytes = " + " + ".join(terms) + ";\n"
                + "".join(loops) + "    return bytes;\n}\n\n"
                f"static uint8_t *{name}_write(const struct {name} *record, uint8_t *at)\n{{\n{writes}    return at;\n}}\n\n"
                f"static bool {name}_read(struct avro_reader *in, struct arena *arena, struct {name} *record)\n{{\n{index}{unused}{reads}"
                f"    return true;\n}}\n\n")

    def define_top(self, named, text):
        name = named.c_name
        literal = "\n".join(f"    {json.dumps(text[i:i + 110], ensure_ascii=False)}" for i in range(0, len(text), 110))
        return (f"const char {name}_schema_json[] =\n{literal};\n\n"
                f"void {name}_encode(const struct {name} *record, struct buf *out)\n{{\n"
                f"    const size_t bound = {name}_bound(record);\n    uint8_t *start = buf_reserve(out, bound);\n"
                f"    const uint8_t *end = {name}_write(record, start);\n    assert((size_t)(end - start) <= bound);\n"
                f"    out->len += (size_t)(end - start);\n}}\n\n"
                f"bool {name}_decode(struct str body, struct arena *arena, struct {name} *record, struct error *error)\n{{\n"
                f"    struct avro_reader in = avro_reader_of(body);\n    memset(record, 0, sizeof(*record));\n"
                f"    (void){name}_read(&in, arena, record);\n    return avro_read_end(&in, \"{name}\", error);\n}}\n\n"
                f"static bool {name}_decode_any(struct str body, struct arena *arena, void *record, struct error *error)\n{{\n"
                f"    return {name}_decode(body, arena, record, error);\n}}\n\n"
                f"static void {name}_encode_any(const void *record, struct buf *out)\n{{\n    {name}_encode(record, out);\n}}\n\n")

    def source(self):
        out = ["/* Generated from the .avsc files by schemas/generate.py: do not edit. */\n#include \"quotebus_records.h\"\n\n"
               "#include <assert.h>\n#include <string.h>\n\n#include \"base/avro.h\"\n\n"]
        for named in sorted(self.types.values(), key=lambda n: n.order):
            out.append(self.define_enum(named) if named.is_enum else self.define_record(named))
        out += [self.define_top(named, text) for named, text in self.tops]
        rows = "".join(f"    {{\"{n.c_name}\", {n.c_name}_schema_json, sizeof(struct {n.c_name}), {n.c_name}_decode_any, {n.c_name}_encode_any}},\n"
                       for n, _ in self.tops)
        out.append(f"const struct record_codec record_codecs[] = {{\n{rows}    {{NULL, NULL, 0, NULL, NULL}},\n}};\n")
        return "".join(out)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=pathlib.Path, help="folder of the generated files")
    parser.add_argument("schemas", nargs="+", type=pathlib.Path)
    options = parser.parse_args(argv)
    generator = Generator()
    try:
        for path in sorted(options.schemas):
            generator.add(path)
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "quotebus_records.h").write_text(generator.header(), encoding="utf-8")
        (options.out / "quotebus_records.c").write_text(generator.source(), encoding="utf-8")
    except (Unsupported, json.JSONDecodeError, KeyError) as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
