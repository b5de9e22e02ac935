"""Reads an exported file by its description alone: checks each line against the schema, and recomputes the links."""
import base64
import hashlib
import json
import struct
import sys
from datetime import datetime, timezone

import jsonschema

schema, path = sys.argv[1:]
validator = jsonschema.Draft7Validator(json.load(open(schema)))
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)


def part(content):
    if content is None:
        return struct.pack(">q", -1)
    return struct.pack(">q", len(content)) + content


def exact(line, name):
    if name + "base64" in line:
        return base64.b64decode(line[name + "base64"], validate=True)
    return line[name].encode() if name in line else None


def payload(line, raw):
    if "data_base64" in line:
        return base64.b64decode(line["data_base64"], validate=True)
    # The last member; its bytes stand as they are.
    return raw[raw.index(b',"data":') + len(b',"data":'):-1]


def microseconds(text):
    time = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc) - epoch
    return (time.days * 86_400 + time.seconds) * 1_000_000 + time.microseconds


link, redacted, fitting = None, False, 0
with open(path, "rb") as file:
    for number, raw in enumerate(file, 1):
        assert raw.endswith(b"\n"), f"line {number} is cut off"
        raw = raw[:-1]
        line = json.loads(raw)
        for error in validator.iter_errors(line):
            sys.exit(f"line {number}: {error.message}")
        if line["type"] == "sendonce.export":
            link, redacted = bytes.fromhex(line["data"]["before"]), line["data"]["redacted"]
        elif line["type"] != "sendonce.rule_set" and not redacted:
            given = exact(line, "id") if line.get("idgiven", True) else None
            content = link + struct.pack(">qq", int(line["position"]), microseconds(line["time"]))
            for each in (given, line["type"].encode(), exact(line, "source"), exact(line, "subject"),
                         exact(line, "traceparent"), payload(line, raw)):
                content += part(each)
            link = hashlib.sha256(content).digest()
            if link.hex() != line["link"]:
                sys.exit(f"position {line['position']} does not fit")
            fitting += 1
print("redacted" if redacted else f"{fitting} links fit")
