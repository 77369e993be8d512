"""Values for the parameters of a template that have no default: of their type, and such that their constraints hold."""

import re

try:
    from re import _parser as grammar
except ImportError:
    import sre_parse as grammar

BY_CONSTRAINT = {
    "cron_expression": "0 0 * * *", "dns_domain": "example.org.", "dns_name": "host.example.org",
    "expiration": "2199-01-01T00:00:00Z", "ip_addr": "192.0.2.10", "ip_or_cidr": "192.0.2.0/24",
    "iso_8601": "2030-01-01T00:00:00Z", "json_string": "{}", "mac_addr": "52:54:00:12:34:56",
    "net_cidr": "192.0.2.0/24", "rel_dns_name": "host", "timezone": "UTC",
}


# Parts of names that tell what a text is meant to be.
BY_NAME = (
    ("cidr", "192.0.2.0/24"), ("gateway", "192.0.2.1"), ("start", "192.0.2.10"), ("end", "192.0.2.200"),
    ("_ip", "192.0.2.10"), ("address", "192.0.2.10"), ("mac", "52:54:00:12:34:56"), ("length", "10"), ("count", "2"),
    ("port_number", "80"), ("size", "10"), ("expiration", "2199-01-01T00:00:00Z"),
)
TEXTS = ("value", "Passw0rd!", "Passw0rd", "ABCDEF", "abc12", "192.0.2.10", "192.0.2.0/24", "10", "example.org")


def values(template, given):
    """By name, for the parameters that have neither a default nor a given value."""
    section = template.get("parameters") or template.get("Parameters")
    if not isinstance(section, dict):
        return {}
    found = {}
    for name, schema in section.items():
        if name in given or not isinstance(schema, dict) or "default" in schema or "Default" in schema:
            continue
        found[str(name)] = value(str(name).lower(), schema)
    return found


def value(name, schema):
    kind = str(schema.get("type", schema.get("Type", "string"))).lower()
    rules = _rules(schema)
    allowed = rules.get("allowed_values")
    if isinstance(allowed, list) and allowed:
        return [allowed[0]] if kind in ("comma_delimited_list", "commadelimitedlist") else allowed[0]
    if kind == "number":
        return _number(rules)
    if kind == "boolean":
        return True
    if kind in ("comma_delimited_list", "commadelimitedlist"):
        return ["one", "two", "three"][:max(1, _least(rules, 1))]
    if kind == "json":
        return {f"key{n}": "value" for n in range(max(1, _least(rules, 1)))}
    if rules.get("custom_constraint") in BY_CONSTRAINT:
        return BY_CONSTRAINT[rules["custom_constraint"]]
    if "range" in rules or "modulo" in rules:
        return str(_number(rules))
    return _text_for(name, rules)


def _text_for(name, rules):
    least, most = _least(rules, 0), rules.get("length", {}).get("max")
    patterns = [str(pattern) for pattern in rules.get("patterns", [])]
    meant = [text for part, text in BY_NAME if part in name]
    made = [matching(pattern, max(least, 1)) for pattern in patterns]
    longer = [text + "x" * (least - len(text)) for text in TEXTS]
    shorter = [text[:most] for text in TEXTS] if isinstance(most, int) else []
    for text in (*meant, *made, *TEXTS, *longer, *shorter):
        if len(text) >= least and (not isinstance(most, int) or len(text) <= most) and all(
                _matches(pattern, text) for pattern in patterns):
            return text
    return "value"


def _matches(pattern, text):
    try:
        return bool(re.fullmatch(pattern, text))
    except re.error:
        return True


def _rules(schema):
    """Constraints of either dialect under the names of HOT."""
    rules = {}
    constraints = schema.get("constraints")
    for constraint in constraints if isinstance(constraints, list) else []:
        if isinstance(constraint, dict):
            rules.update({key: rule for key, rule in constraint.items() if key != "description"})
            if "allowed_pattern" in constraint:
                rules.setdefault("patterns", []).append(constraint["allowed_pattern"])
    for ours, theirs in (("allowed_values", "AllowedValues"), ("allowed_pattern", "AllowedPattern")):
        if theirs in schema:
            rules[ours] = schema[theirs]
    if "AllowedPattern" in schema:
        rules["patterns"] = [schema["AllowedPattern"]]
    for ours, least, most in (("length", "MinLength", "MaxLength"), ("range", "MinValue", "MaxValue")):
        if least in schema or most in schema:
            ends = {"min": schema.get(least), "max": schema.get(most)}
            rules[ours] = {end: int(n) for end, n in ends.items() if n is not None}
    for name in ("length", "range", "modulo"):
        if not isinstance(rules.get(name, {}), dict):
            del rules[name]
    return rules


def _least(rules, otherwise):
    least = rules.get("length", {}).get("min")
    return least if isinstance(least, int) else otherwise


def _number(rules):
    ends = rules.get("range", {})
    number = ends.get("min", ends.get("max", 1))
    modulo = rules.get("modulo")
    if isinstance(number, int) and modulo and isinstance(modulo.get("step"), int):
        while number % modulo["step"] != modulo.get("offset", 0):
            number += 1
    return number


def matching(pattern, least=1):
    """A short text that the pattern matches whole, of at least so many characters if that can be had."""
    try:
        tree = grammar.parse(pattern)
    except re.error:
        return "value"
    for repeats in (1, 2, least, 8, 16):
        text = _text(tree, repeats)
        if len(text) >= least and re.fullmatch(pattern, text):
            return text
    return "value"


def _text(tree, repeats):
    return "".join(_item(str(op).lower(), argument, repeats) for op, argument in tree)


def _item(op, argument, repeats):
    if op == "literal":
        return chr(argument)
    if op == "in":
        return _of_class(argument)
    if op == "any":
        return "a"
    if op in ("max_repeat", "min_repeat", "possessive_repeat"):
        least, most, inner = argument
        return _text(inner, repeats) * min(max(least, repeats), int(most))
    if op == "subpattern":
        return _text(argument[-1], repeats)
    if op == "branch":
        return _text(argument[1][0], repeats)
    if op == "category":
        return _of_class([(op, argument)])
    return ""


def _of_class(items):
    # A letter is the most harmless member.
    members = re.compile("[" + _class(items) + "]")
    return next((c for c in "a1A-_./ :" if members.match(c)), next((chr(n) for n in range(33, 127)
                                                                    if members.match(chr(n))), "a"))


def _class(items):
    text = ""
    for op, argument in items:
        op = str(op).lower()
        if op == "negate":
            text += "^"
        elif op == "literal":
            text += re.escape(chr(argument))
        elif op == "range":
            text += re.escape(chr(argument[0])) + "-" + re.escape(chr(argument[1]))
        elif op == "category":
            category = str(argument).lower()
            letter = {"digit": "d", "space": "s", "word": "w"}[category.rsplit("_", 1)[-1]]
            text += "\\" + (letter.upper() if "not_" in category else letter)
    return text
