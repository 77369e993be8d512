"""What PyYAML reads from every file of a folder, as Heat uses it: one JSON a line.

    values.py FOLDER

JSON first; then libyaml's safe loader with times as texts; where that refuses, PyYAML's own safe loader. Keys become
texts as JSON writes them, since templates travel as JSON."""

import datetime
import json
import math
import os
import sys

import corpus
import yaml

TIMES = (datetime.date, datetime.datetime)


def read(text):
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        value = yaml.load(text, Loader=corpus.Timeless)
        return {} if value is None else value
    except yaml.YAMLError:
        return yaml.load(text, Loader=yaml.SafeLoader)


def plain(value):
    """The value with nothing in it that JSON lacks."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value.isoformat() if isinstance(value, TIMES) else value


def main():
    folder = sys.argv[1]
    sys.setrecursionlimit(10_000)
    for path in corpus.files(folder):
        line = {"file": path}
        try:
            line["text"] = corpus.text_of(os.path.join(folder, path))
            line["value"] = plain(read(line["text"]))
        except UnicodeDecodeError:
            line["text"] = None
            line["error"] = "not UTF-8"
        except Exception as error:
            line["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(line, allow_nan=False))


if __name__ == "__main__":
    main()
