"""Records what OpenStack Heat 27.0.1 makes of cases, in the format of README.md.

    record.py FILE…

Each file is a list of cases; what they expect is recorded anew and written back. It runs in a Python that has
openstack-heat 27.0.1, as `cargo xtask corpora` makes one: target/xtask/corpora/heat/bin/python3 conformance/record.py …
"""

import argparse
import copy
import os
import re

import yaml

import engine
import heat_process

HEAD = "# {name}: the expect sections were recorded from OpenStack Heat 27.0.1 by record.py.\n"
INTERNAL = ("TypeError", "AttributeError", "KeyError", "ValueError", "IndexError", "RecursionError",
            "UnicodeEncodeError")
# Words of Python that names in a template may look like.
PYTHON = {"str", "int", "list", "dict", "map", "bool", "float", "None", "none", "value"}
# What is different each time: ids, the project, and the twelve random characters that physical names end in.
RANDOM = re.compile(r"(?<=^arn:openstack:heat::)[^:]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
                    r"|(?<=[A-Za-z0-9_]-)(?=[a-z]*[0-9]|[a-z]{12})[a-z0-9]{12}(?![A-Za-z0-9])")


class Heat:
    """Records what the engine does with cases."""

    def __init__(self):
        self.engine = engine.Engine()
        from heat.api.openstack.v1 import stacks
        self.request = stacks.InstantiationData

    def record(self, case):
        """What Heat expects of the case: what is the same in two recordings."""
        return agreed(self.once(copy.deepcopy(case)), self.once(copy.deepcopy(case)))

    def once(self, case):
        self.engine.forget()
        context = heat_process.context()
        operation = case.get("operation", "create")
        try:
            asked = self.read(case)
        except Exception as error:
            return refused(case, error, "environment" if "nvironment" in str(error) else "parse")
        try:
            if operation == "validate":
                return {"valid": True, "validate": self.validation(context, asked)}
            if operation == "preview":
                return {"valid": True, "preview": self.preview(context, asked)}
            asked["args"]["disable_rollback"] = case.get("disable_rollback", True)
            identity = self.engine.call(context, ("create_stack", asked))
        except Exception as error:
            return refused(case, error, "validate")
        self.engine.work()
        expect = self.outcome(context, identity, case)
        if case.get("steps"):
            expect["steps"] = [self.step(context, identity, case, step) for step in case["steps"]]
        return expect

    def read(self, case):
        """The request as the API passes it on."""
        body = {"stack_name": case.get("stack_name", "corpus"),
                "parameters": copy.deepcopy(case.get("parameters", {})), "files": dict(case.get("files", {}))}
        for key in ("template", "environment", "environment_files", "clear_parameters"):
            if key in case:
                body[key] = copy.deepcopy(case[key])
        data = self.request(body, patch=case.get("existing", False))
        return {"stack_name": data.stack_name(), "template": data.template(), "params": data.environment(),
                "files": data.files(), "args": data.args(), "environment_files": data.environment_files()}

    def validation(self, context, asked):
        asked = {key: part for key, part in asked.items() if key not in ("stack_name", "args")}
        answer = self.engine.call(context, ("validate_template", asked))
        if "Error" in answer:
            raise ValueError(answer["Error"])
        return {key: part for key, part in answer.items() if key != "Environment"}

    def preview(self, context, asked):
        return previewed(self.engine.call(context, ("preview_stack", asked)))

    def outcome(self, context, identity, case, found=None):
        shown = self.engine.call(context, ("show_stack", {"stack_identity": identity, "resolve_outputs": True}))[0]
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
        found = found or engine.Resources(identity["stack_id"])
        expect["dependencies"], expect["resources"] = found.needs, found.outermost()
        if found.inside():
            expect["nested_resources"] = found.inside()
        if case.get("parameters_expected"):
            listed = shown["parameters"]
            expect["parameters"] = {key: text for key, text in listed.items() if not key.startswith(("OS::", "AWS::"))}
        if case.get("description_expected"):
            expect["description"] = shown["template_description"]
        return expect

    def step(self, context, identity, case, step):
        """What Heat expects of one operation on the stack."""
        if step["op"] == "delete":
            self.engine.call(context, ("delete_stack", {"stack_identity": identity}))
            self.engine.work()
            return {"op": "delete", "valid": True, "status": self.end(context, identity)}
        # What a refusal may name.
        told = dict(step, template=step.get("template", case["template"]))
        before = engine.Resources(identity["stack_id"])
        seen = engine.events(before)
        try:
            asked = self.read(step)
        except Exception as error:
            return {"op": step["op"]} | refused(told, error, "environment" if "nvironment" in str(error) else "parse")
        del asked["stack_name"]
        asked["args"]["existing"] = step.get("existing", False)
        asked["args"]["disable_rollback"] = step.get("disable_rollback", True)
        method = "update_stack" if step["op"] == "update" else "preview_update_stack"
        try:
            answer = self.engine.call(context, (method, asked | {"stack_identity": identity}))
        except Exception as error:
            return {"op": step["op"]} | refused(told, error, "validate")
        if step["op"] == "preview_update":
            return {"op": step["op"], "valid": True, "preview_update": {
                kind: sorted(one["resource_name"] for one in those) for kind, those in answer.items()}}
        self.engine.work()
        if "template" in step:
            case["template"] = step["template"]
        after = engine.Resources(identity["stack_id"])
        expect = {"op": "update"} | self.outcome(context, identity, told, after)
        if not (before.random or after.random):
            expect["changes"] = engine.changes(before, after, seen)
        return expect

    def end(self, context, identity):
        from heat.objects import stack as stack_object
        try:
            action, status, *_ = stack_object.Stack.get_status(context, identity["stack_id"])
        except Exception:
            return "DELETE_COMPLETE"
        return f"{action}_{status}"


def previewed(answer):
    """A preview, without what a value of a type stands for that was not given."""
    def resource(told):
        if isinstance(told, list):
            return [resource(inner) for inner in told]
        return {"name": told["resource_name"], "type": told["resource_type"],
                "properties": {key: value for key, value in told["properties"].items()
                               if value not in (None, "", 0, False, [], {})}}
    return {"description": answer["description"],
            "parameters": {key: text for key, text in answer["parameters"].items()
                           if not key.startswith(("OS::", "AWS::"))},
            "resources": [resource(told) for told in answer["resources"]]}


def unpredictable(value):
    """The value with patterns in the place of texts that are different each time."""
    if isinstance(value, dict):
        return {key: unpredictable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unpredictable(inner) for inner in value]
    if isinstance(value, str) and RANDOM.search(value):
        pattern, end = "^", 0
        for found in RANDOM.finditer(value):
            random = {36: "[0-9a-f-]{36}", 12: "[a-z0-9]{12}"}.get(len(found[0]), "[^:]+")
            pattern, end = pattern + re.escape(value[end:found.start()]) + random, found.end()
        return {"matches": pattern + re.escape(value[end:]) + "$"}
    return value


def agreed(first, second):
    """What two recordings have in common: patterns where texts of the same length differ. What else differs is lost."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: agreed(inner, second[key]) for key, inner in first.items() if key in second}
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [agreed(one, other) for one, other in zip(first, second)]
    if isinstance(first, str) and isinstance(second, str) and first != second and len(first) == len(second):
        return {"matches": f"^.{{{len(first)}}}$"}
    return first


def refused(case, error, phase):
    # The traceback comes along over RPC.
    text = re.split(r"(?:\\n|\n)(?:\[')?Traceback \(most recent call last\)", str(error))[0]
    name = type(error).__name__.removesuffix("_Remote")
    if hasattr(error, "detail") and name == type(error).__name__:
        text = str(error.detail)
    expect = {"valid": False, "phase": phase, "error_class": name, "message": text}
    if name == "RemoteError" or name in INTERNAL or text.startswith(INTERNAL):
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
                "parameters_expected": "parameters" in case.get("expect", {}),
                "description_expected": "description" in case.get("expect", {})})
        write(path, cases)


if __name__ == "__main__":
    main()
