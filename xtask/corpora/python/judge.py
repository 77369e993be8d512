"""What Heat itself says of the templates and environments of a folder.

    judge.py types              all resource types, constraints and aliases, as one JSON
    judge.py folder FOLDER      every template and environment of the folder: one JSON a line, with all that was sent
"""

import argparse
import json
import os
import signal
import sys

import corpus
import heat_process
import plausible

SECONDS = 120


class TooLong(Exception):
    """Heat did not come to an end."""


class Judge:
    """Heat up to the point where a stack would be stored."""

    def __init__(self):
        heat_process.start()
        from heat.api.openstack.v1 import stacks
        from heat.engine import service
        self.request = stacks.InstantiationData
        self.engine = service.EngineService("judge", "engine")
        self.of_types = []
        heat_process.stub_services(self.of_types)
        signal.signal(signal.SIGALRM, self._too_long)

    @staticmethod
    def _too_long(*_):
        raise TooLong(f"no verdict after {SECONDS} seconds")

    def template(self, text, environment=None, files=None, parameters=None):
        """Whether Heat would accept the request."""
        def ask():
            body = {"stack_name": "corpus", "template": text, "files": files or {}, "parameters": parameters or {}}
            if environment is not None:
                body["environment"] = environment
            data = self.request(body)
            template, given = data.template(), data.environment()
            self.engine._parse_template_and_validate_stack(
                heat_process.context(), "corpus", heat_process.through_json(template),
                heat_process.through_json(given), dict(files or {}), None, None, {}, convergence=True)
        return self._verdict(ask)

    def environment(self, text):
        """Whether Heat can read the environment and make a registry of it."""
        def ask():
            from heat.engine import environment
            data = self.request({"stack_name": "corpus", "environment": text})
            environment.Environment(heat_process.through_json(data.environment()))
        return self._verdict(ask)

    def _verdict(self, ask):
        self.of_types.clear()
        signal.alarm(SECONDS)
        try:
            ask()
            verdict = {"valid": True}
        except TooLong as error:
            verdict = {"valid": None, "message": str(error)}
        except Exception as error:
            verdict = {"valid": False, "message": str(error), "error_class": type(error).__name__}
        finally:
            signal.alarm(0)
        if self.of_types:
            verdict["of_types"] = sorted(set(self.of_types))
        return verdict


def judge_folder(folder, out):
    judge = Judge()
    for path in corpus.files(folder):
        try:
            text = corpus.text_of(os.path.join(folder, path))
        except UnicodeDecodeError:
            continue
        value = corpus.loosely(text)
        here = os.path.join(folder, os.path.dirname(path))
        if corpus.is_environment(value):
            say(out, {"file": path, "kind": "environment", "text": text, "heat": judge.environment(text)})
        elif corpus.is_template(value) or value is None:
            for request in requests(path, text, value, folder, here):
                request["heat"] = judge.template(
                    text, request["environment"], request["files"], request["parameters"])
                say(out, request)


def requests(path, text, value, folder, here):
    """The template alone, with each environment beside it, and with nothing behind the types that nobody knows."""
    environments = [(None, None)]
    if corpus.is_template(value):
        for name in sorted(os.listdir(here)):
            if name.endswith(corpus.ENDINGS) and os.path.isfile(os.path.join(here, name)):
                beside = corpus.text_of(os.path.join(here, name))
                if corpus.is_environment(corpus.loosely(beside)):
                    environments.append((name, beside))
        attached = {}
        corpus.attached(value, here, attached)
        nested = [corpus.loosely(text) for name, text in attached.items() if name.endswith(corpus.NESTED)]
        unknown = unknown_types([value, *nested])
        if unknown:
            registry = {"resource_registry": {name: "OS::Heat::None" for name in unknown}}
            environments.append(("(OS::Heat::None behind unknown types)", json.dumps(registry)))
        if len(environments) > 9:
            environments = [environments[0], environments[-1]]
    for name, environment in environments:
        files, given = {}, {}
        clashes = corpus.attached(value, here, files)
        if environment is not None:
            meant = corpus.loosely(environment)
            clashes |= corpus.attached(meant, here, files)
            for section in ("parameters", "parameter_defaults"):
                values = meant.get(section)
                given.update(values if isinstance(values, dict) else {})
        parameters = plausible.values(value, given) if isinstance(value, dict) else {}
        yield {
            "file": path, "kind": "template", "with": name, "text": text, "environment": environment, "files": files,
            "parameters": heat_process.through_json(parameters), "clashes": sorted(clashes),
            "nested": any(name.endswith(corpus.NESTED) for name in files) or needs_nested(value),
        }


def types_in(value, key=None):
    """All types that are named, by resources or in the definitions that groups have for their members."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from types_in(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from types_in(inner)
    elif isinstance(value, str) and key in ("type", "Type") and "::" in value and "://" not in value:
        yield value


def unknown_types(values):
    """Types of which nothing is known, or no more than the name of a file of the operator's."""
    from heat.common import exception
    from heat.engine import environment
    from heat.engine import resources
    registry = resources.global_env().registry

    def is_known(name):
        try:
            return not isinstance(registry.get_resource_info(name), environment.TemplateResourceInfo)
        except exception.EntityNotFound:
            return False

    return sorted(name for name in {name for value in values for name in types_in(value)}
                  if not name.endswith(corpus.NESTED) and not is_known(name))


def needs_nested(value):
    from heat.engine.resources import stack_resource
    classes = heat_process.resource_classes()
    return any(kind in classes and issubclass(classes[kind], stack_resource.StackResource)
               for kind in types_in(value))


def say(out, line):
    out.write(json.dumps(line) + "\n")
    out.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("types")
    commands.add_parser("folder").add_argument("folder")
    arguments = parser.parse_args()
    # Whatever Heat prints must not come among the answers.
    out, sys.stdout = sys.stdout, sys.stderr
    if arguments.command == "types":
        import resource_types
        heat_process.start()
        say(out, resource_types.exported())
    else:
        judge_folder(arguments.folder, out)


if __name__ == "__main__":
    main()
