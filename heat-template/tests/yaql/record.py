#!/usr/bin/env python3
"""Records what OpenStack's `yaql` makes of the expressions of the corpus, set up as Heat sets it up.

    python3 -m venv venv && venv/bin/pip install yaql==3.0.0 'setuptools<81'
    venv/bin/python record.py corpus.json          # answers every case anew and writes the file
    venv/bin/python record.py --answer < cases     # one JSON case a line in, one answer a line out

A case is {"expression": …, "data": …}; an answer is "result" or "error": true. CPython 3.11 on 64 bits is what the
quota of memory was recorded with. Every case is answered in two processes with different hash seeds; where they differ
by the order of sets alone, the answer is marked "any_order" and sorted.

An expression that takes 20 seconds counts as an error. What JSON has no type for is an error, but for sets, which Heat's JSON writes as lists; infinity and NaN are written as
texts.
"""

import json
import math
import os
import signal
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")


def engine():
    """Heat's: heat/engine/hot/functions.py, class Yaql."""
    import yaql

    options = {"yaql.limitIterators": 200, "yaql.memoryQuota": 10000}
    return yaql.YaqlFactory().create(options), yaql.create_context()


def plain(value):
    """The value as JSON has it; raises TypeError for what has no place in JSON."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else json.dumps(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key_text(key): plain(item) for key, item in value.items()}
    raise TypeError(type(value).__name__)


def key_text(key):
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, (bool, int, float)):
        return next(iter(json.loads(json.dumps({key: 0}))))
    raise TypeError(type(key).__name__)


class TooLong(BaseException):
    """The expression does not end."""


def too_long(*_):
    raise TooLong


def answer(parse, context, case):
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(20)
    try:
        statement = parse(case["expression"])
        value = statement.evaluate({"data": case.get("data", {})}, context.create_child_context())
        text = json.dumps(plain(value), ensure_ascii=False)
        text.encode("utf-8")  # half a character is none
        return {"result": json.loads(text)}
    except (Exception, TooLong) as error:
        if os.environ.get("YAQL_WHY"):
            return {"error": True, "why": "%s: %s" % (type(error).__name__, str(error)[:200])}
        return {"error": True}
    finally:
        signal.alarm(0)


def answer_lines(lines, out):
    parse, context = engine()
    for line in lines:
        out.write(json.dumps(answer(parse, context, json.loads(line))) + "\n")
        out.flush()


def in_order(value):
    """The same with every list sorted."""
    if isinstance(value, list):
        return sorted((in_order(item) for item in value), key=json.dumps)
    if isinstance(value, dict):
        return {key: in_order(item) for key, item in value.items()}
    return value


def answers(cases, seed):
    lines = "".join(json.dumps({k: case[k] for k in ("expression", "data") if k in case}) + "\n" for case in cases)
    environment = dict(os.environ, PYTHONHASHSEED=str(seed))
    command = [sys.executable, os.path.abspath(__file__), "--answer"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, env=environment, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def record(cases):
    recorded = []
    for case, one, two in zip(cases, answers(cases, 1), answers(cases, 2)):
        case = {key: case[key] for key in ("expression", "data", "why") if key in case}
        if one != two:
            one, two = in_order(one), in_order(two)
            if one != two:
                sys.exit("different in each process: %s" % case["expression"])
            case["any_order"] = True
        case.update(one)
        recorded.append(case)
    return recorded


def main():
    if sys.argv[1:] == ["--answer"]:
        answer_lines(sys.stdin, sys.stdout)
        return
    path = sys.argv[1]
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    recorded = record(cases)
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in recorded) + "\n]\n")
    failed = sum("error" in case for case in recorded)
    print("%d cases, %d of them errors" % (len(recorded), failed))


if __name__ == "__main__":
    main()
