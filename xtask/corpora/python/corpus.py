"""The files of a folder, and what Heat's client would send with a template: the files that it names."""

import os

import yaml

ENDINGS = (".yaml", ".yml", ".template", ".env", ".json")
SECTIONS = {"parameters", "resource_registry", "parameter_defaults", "encrypted_param_names", "event_sinks",
            "parameter_merge_strategies"}
VERSIONS = {"heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion"}
NESTED = (".yaml", ".template")


def files(folder):
    """Paths from the folder, sorted."""
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        found += [os.path.relpath(os.path.join(here, name), folder) for name in names if name.endswith(ENDINGS)]
    return sorted(found)


def text_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


class Timeless(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Times stay texts, as in Heat."""


Timeless.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))


def loosely(text):
    """The value of a text, to see what kind of file it is; None where it cannot be read."""
    for loader in (Timeless, yaml.SafeLoader):
        try:
            return yaml.load(text, Loader=loader)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError):
            continue
    return None


def is_environment(value):
    return isinstance(value, dict) and bool(value) and set(value) <= SECTIONS


def is_template(value):
    return isinstance(value, dict) and not VERSIONS.isdisjoint(value)


def attached(value, folder, into):
    """Collects the files that a template or an environment names, and those that the nested templates name, under the
    names as they are written. Gives the names that stand for two different files."""
    clashes = set()
    for name in named(value):
        path = os.path.normpath(os.path.join(folder, name))
        if "://" in name or not os.path.isfile(path):
            continue
        try:
            text = text_of(path)
        except UnicodeDecodeError:
            continue
        if name in into:
            if into[name] != text:
                clashes.add(name)
            continue
        into[name] = text
        if name.endswith(NESTED):
            clashes |= attached(loosely(text), os.path.dirname(path), into)
    return clashes


def named(value, key=None):
    """The files that are named somewhere in a value, which stands under the key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "get_file" and isinstance(inner, str):
                yield inner
            elif name == "resource_registry":
                yield from _registered(inner)
            else:
                yield from named(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner)
    elif isinstance(value, str) and key in ("type", "Type") and value.endswith(NESTED):
        yield value


def _registered(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from _registered(inner)
    elif isinstance(value, str) and value.endswith(NESTED):
        yield value
