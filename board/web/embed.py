"""Writes the files of the page as C arrays (board/static_files.h): embed.py OUT.c PATH=FILE..."""

import gzip
import hashlib
import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".yaml": "application/yaml"}


def array(name, data):
    """A C array of bytes, and the expression of it as a slice."""
    if not data:
        return "", "{0}"
    rows = (",".join(map(str, data[i:i + 32])) for i in range(0, len(data), 32))
    return f"static const char {name}[] = {{\n" + ",\n".join(rows) + "};\n", f"{{.ptr = {name}, .len = sizeof({name})}}"


def main(out, pairs):
    arrays, rows = [], []
    for number, pair in enumerate(pairs):
        path, _, file = pair.partition("=")
        # Signed, since the arrays are of char.
        plain = pathlib.Path(file).read_bytes()
        packed = gzip.compress(plain, 9, mtime=0)
        packed = packed if len(packed) < len(plain) * 0.9 else b""
        slices = []
        for kind, data in (("plain", plain), ("gzip", packed)):
            text, expression = array(f"{kind}_{number}", [b - 256 if b > 127 else b for b in data])
            arrays.append(text)
            slices.append(expression)
        etag = hashlib.sha256(plain).hexdigest()[:16]
        rows.append(f'    {{"{path}", "{TYPES[pathlib.Path(file).suffix]}", "\\"{etag}\\"", {slices[0]}, {slices[1]}}},\n')
    pathlib.Path(out).write_text('#include "board/static_files.h"\n\n' + "".join(arrays) +
                                 "\nconst struct static_file static_files[] = {\n" + "".join(rows) + "};\n"
                                 f"const size_t static_file_count = {len(pairs)};\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
