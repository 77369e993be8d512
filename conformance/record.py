"""Records what OpenStack Heat 27.0.1 makes of cases, in the format of README.md.

    record.py FILE…

Each file is a list of cases; what they expect is recorded anew and written back. It runs in a Python that has
openstack-heat 27.0.1, as `cargo xtask corpora` makes one: target/xtask/corpora/heat/bin/python3 conformance/record.py …
"""

import argparse
import copy
import os
import re
import sys

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xtask", "corpora", "python"))

import heat_process  # noqa: E402

HEAD = "# {name}: the expect sections were recorded from OpenStack Heat 27.0.1 by record.py.\n"
INTERNAL = ("TypeError", "AttributeError", "KeyError", "ValueError", "IndexError", "RecursionError",
            "UnicodeEncodeError")
# Words of Python that names in a template may look like.
PYTHON = {"str", "int", "list", "dict", "map", "bool", "float", "None", "none", "value"}
# Physical names end in twelve random characters.
RANDOM = re.compile(r"([A-Za-z0-9]+-[A-Za-z0-9_]+-)([a-z0-9]{12})(?![a-z0-9])")


class Inline:
    """Heat's manager of threads, without threads."""

    def start(self, _stack_id, work, *arguments, **named):
        return work(*arguments, **named)

    def __getattr__(self, _name):
        return lambda *_, **__: None


class Heat:
    """An engine with one worker."""

    def __init__(self):
        heat_process.start()
        from heat.api.openstack.v1 import stacks
        from heat.engine import service
        from heat.engine import worker
        from heat.rpc import worker_client
        self.request = stacks.InstantiationData
        self.casts = heat_process.Casts()
        worker_client.WorkerClient.cast = lambda *arguments, **named: self.casts.cast(*arguments, **named)
        self.engine = service.EngineService("conformance", "engine")
        self.engine.engine_id = "conformance"
        self.engine.thread_group_mgr = Inline()
        self.worker = worker.WorkerService("conformance", "worker", "conformance", Inline())

    def record(self, case):
        """What Heat expects of the case."""
        heat_process.empty_database()
        self.casts.waiting.clear()
        context = heat_process.context()
        try:
            asked = self.read(case)
        except Exception as error:
            return refused(case, error, "environment" if "nvironment" in str(error) else "parse")
        try:
            if case.get("operation") == "validate":
                return {"valid": True, "validate": self.validation(context, asked)}
            identity = self.engine.create_stack(context, *asked)
        except Exception as error:
            return refused(case, error, "validate")
        self.casts.run(self.worker)
        return self.outcome(context, identity, case)

    def read(self, case):
        """The request as the API passes it on."""
        body = {"stack_name": case.get("stack_name", "corpus"), "template": case["template"],
                "parameters": copy.deepcopy(case.get("parameters", {})), "files": dict(case.get("files", {}))}
        for key in ("environment", "environment_files"):
            if key in case:
                body[key] = copy.deepcopy(case[key])
        data = self.request(body)
        rollback = {"disable_rollback": case.get("disable_rollback", True)}
        return [heat_process.through_json(part) for part in (
            data.stack_name(), data.template(), data.environment(), data.files(), rollback)] + [
            data.environment_files()]

    def validation(self, context, asked):
        _, template, environment, files, _, environment_files = asked
        answer = self.engine.validate_template(
            context, template, environment, files=files, environment_files=environment_files)
        if "Error" in answer:
            raise ValueError(answer["Error"])
        return {key: part for key, part in heat_process.through_json(answer).items() if key != "Environment"}

    def outcome(self, context, identity, case):
        shown = heat_process.through_json(self.engine.show_stack(context, identity)[0])
        expect = {"valid": True, "status": f"{shown['stack_action']}_{shown['stack_status']}"}
        if shown["stack_status"] != "COMPLETE":
            expect["reason"] = shown["stack_status_reason"]
            expect["reason_must_mention"] = fragments(case, shown["stack_status_reason"])
        outputs, errors = {}, {}
        for output in shown["outputs"]:
            if "output_error" in output:
                text = str(output["output_error"])
                errors[output["output_key"]] = {"message": text, "must_mention": fragments(case, text)}
            else:
                outputs[output["output_key"]] = unpredictable(output["output_value"])
        expect["outputs"] = outputs
        if errors:
            expect["output_errors"] = errors
        expect["dependencies"], expect["resources"] = self.resources(context, identity)
        if case.get("expect", {}).get("parameters") is not None or case.get("parameters_expected"):
            listed = heat_process.through_json(shown["parameters"])
            expect["parameters"] = {key: text for key, text in listed.items() if not key.startswith(("OS::", "AWS::"))}
        return expect

    def resources(self, context, identity):
        from heat.engine import stack as heat_stack
        stack = heat_stack.Stack.load(context, stack_id=identity["stack_id"])
        needs = {name: sorted(other.name for other in stack.dependencies.requires(resource))
                 for name, resource in stack.resources.items()}
        states = {name: f"{resource.action}_{resource.status}" for name, resource in stack.resources.items()}
        return needs, states


def unpredictable(value):
    """The value with patterns in the place of texts that are different each time."""
    if isinstance(value, dict):
        return {key: unpredictable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unpredictable(inner) for inner in value]
    if isinstance(value, str) and RANDOM.search(value):
        # Between the random parts, at every third place, stands what is always the same.
        parts = RANDOM.split(value)
        return {"matches": "".join("[a-z0-9]{12}" if at % 3 == 2 else re.escape(part)
                                   for at, part in enumerate(parts))}
    return value


def refused(case, error, phase):
    # RPC passes what is expected in an envelope.
    error = error.exc_info[1] if hasattr(error, "exc_info") else error
    text = getattr(error, "detail", None) or str(error)
    expect = {"valid": False, "phase": phase, "error_class": type(error).__name__, "message": str(text)}
    if type(error).__name__ in INTERNAL or str(text).startswith(INTERNAL):
        expect["crash"] = True
        expect["must_mention"] = []
    else:
        expect["must_mention"] = fragments(case, str(text))
    return expect


def fragments(case, text):
    """The names of the template that a good message contains: those that Heat's contains."""
    value = _loosely(case["template"])
    names = set()
    for section in ("parameters", "resources", "conditions", "Parameters", "Resources", "Conditions"):
        entries = value.get(section) if isinstance(value, dict) else None
        names |= {str(name) for name in entries} if isinstance(entries, dict) else set()
    return sorted(name for name in names
                  if len(name) > 2 and name not in PYTHON and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))


def _loosely(text):
    try:
        return yaml.safe_load(text)
    except Exception:
        return None


class Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, and nothing that YAML 1.1 and 1.2 read differently without quotes."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def ignore_aliases(self, _data):
        return True


def _text(dumper, text):
    block = "\n" in text and text == "\n".join(line.rstrip() for line in text.split("\n")) and "\t" not in text \
        and text.isprintable() is False and not text.startswith((" ", "\n")) and all(
            character == "\n" or character.isprintable() for character in text)
    if block:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_ ./-]*[A-Za-z0-9_]", text) and \
        yaml.SafeLoader.yaml_implicit_resolvers and isinstance(yaml.safe_load(text), str) and \
        text.lower() not in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


Dumper.add_representer(str, _text)


def write(path, cases):
    name = os.path.splitext(os.path.basename(path))[0]
    parts = [HEAD.format(name=name)]
    for case in cases:
        parts.append("\n" + yaml.dump([case], Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100_000))
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    heat = Heat()
    for path in parser.parse_args().files:
        with open(path, encoding="utf-8") as file:
            cases = yaml.safe_load(file)
        for case in cases:
            case["expect"] = heat.record({key: part for key, part in case.items() if key != "expect"} | {
                "parameters_expected": "parameters" in case.get("expect", {})})
        write(path, cases)


if __name__ == "__main__":
    main()
