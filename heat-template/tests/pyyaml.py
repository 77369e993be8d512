"""Compares texts as PyYAML reads them, with its loader in C and the one in Python.

stdin: a JSON list of pairs of texts that must mean the same. A pair is {"text", "same"}, or {"text", "json"} where the
other one is JSON. stdout: a JSON list of what differs, and how many comparisons were made.
"""

import json
import sys

import yaml


class Null:
    """No document at all."""


def load(text, loader):
    try:
        return repr(yaml.load(text, Loader=loader))
    except yaml.YAMLError as error:
        return Null, str(error)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        # What is wrong with a value and not with the text: an impossible date, a list as a key.
        return Null, type(error).__name__


compared = 0
differences = []
for pair in json.load(sys.stdin):
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        found = load(pair["text"], loader)
        if "json" in pair:
            wanted = repr(json.loads(pair["json"]))
        else:
            wanted = load(pair["same"], loader)
            if isinstance(wanted, tuple):
                # This loader never read the text that was formatted.
                continue
            first = load(pair["same"], yaml.CSafeLoader)
            if loader is yaml.SafeLoader and not isinstance(first, tuple) and first != wanted:
                # They read the text itself differently (a byte order mark within, for one). Heat asks the first.
                continue
        compared += 1
        if found != wanted:
            differences.append({**pair, "loader": loader.__name__, "found": str(found), "wanted": str(wanted)})
json.dump({"compared": compared, "differences": differences, "version": yaml.__version__}, sys.stdout)
