"""The resource types of Heat as JSON, so that another checker can judge by the same ones."""

import heat_process
from heat.engine import attributes
from heat.engine import constraints
from heat.engine import environment
from heat.engine import properties
from heat.engine import resource
from heat.engine import resources
from heat.engine import rsrc_defn
from heat.engine import stack
from heat.engine import template
from heat.engine import translation


def exported():
    classes = heat_process.resource_classes()
    registry = resources.global_env().registry
    aliases, nested = {}, []
    for name, info in registry._registry.items():
        if isinstance(info, environment.TemplateResourceInfo):
            nested.append(name)
        elif isinstance(info, environment.MapResourceInfo):
            aliases[name] = info.value
    return {
        "types": {name: resource_type(name, cls) for name, cls in sorted(classes.items())},
        "aliases": aliases, "template_resources": nested,
        "constraints": heat_process.constraint_names(), "generic_constraints": sorted(heat_process.GENERIC),
    }


def resource_type(name, cls):
    from heat.engine.resources import stack_resource
    from heat.engine.resources.openstack.heat import none_resource
    return {
        "properties": schemata(cls.properties_schema),
        "update_policy": schemata(cls.update_policy_schema),
        "attributes": {key: schema.type for key, schema in attributes.schemata(cls.attributes_schema).items()},
        "open_properties": issubclass(cls, none_resource.NoneResource),
        # Heat takes any name of a class that finds attributes in its own way.
        "open_attributes": cls.get_attribute is not resource.Resource.get_attribute
        or cls.FnGetAtt is not resource.Resource.FnGetAtt,
        "snapshot_policy": callable(getattr(cls, "handle_snapshot_delete", None)),
        "nested": issubclass(cls, stack_resource.StackResource),
        "translations": translations(name, cls),
    }


def schemata(section):
    return {key: schema(properties.Schema.from_legacy(one)) for key, one in (section or {}).items()}


def schema(one):
    told = {
        "type": one.type, "default": one.default, "required": one.required, "implemented": one.implemented,
        "update_allowed": one.update_allowed, "immutable": one.immutable, "allow_conversion": one.allow_conversion,
        "constraints": [constraint(rule) for rule in one.constraints],
    }
    if one.type == properties.Schema.LIST and one.schema:
        told["item"] = schema(one.schema["*"] if "*" in one.schema else one.schema)
    elif one.type == properties.Schema.MAP and one.schema:
        told["fields"] = {key: schema(inner) for key, inner in one.schema.items()}
    return told


def constraint(rule):
    # A length is a range to Heat, so it comes first.
    for cls, keys in ((constraints.Length, ("min", "max")), (constraints.Range, ("min", "max")),
                      (constraints.Modulo, ("step", "offset"))):
        if isinstance(rule, cls):
            return {cls.__name__.lower(): {key: getattr(rule, key) for key in keys}}
    if isinstance(rule, constraints.AllowedValues):
        return {"allowed_values": list(rule.allowed)}
    if isinstance(rule, constraints.AllowedPattern):
        return {"allowed_pattern": rule.pattern}
    if isinstance(rule, constraints.CustomConstraint):
        return {"custom_constraint": rule.name}
    raise ValueError(f"a constraint of an unknown kind: {rule!r}")


def translations(name, cls):
    """The rules of a resource without properties, which are those that always hold."""
    empty = template.Template({"heat_template_version": "2021-04-16"})
    holder = stack.Stack(heat_process.context(), "types", empty)
    try:
        made = resource.Resource("sample", rsrc_defn.ResourceDefinition("sample", name), holder)
        rules = made.translation_rules(made.properties) or []
    except Exception:
        return []
    told = []
    for rule in sorted(rules):
        path = list(rule.translation_path)
        if rule.rule == translation.TranslationRule.DELETE:
            told.append({"delete": path})
        elif rule.rule == translation.TranslationRule.REPLACE and rule.value is None:
            told.append({"replace": [rule.get_value_absolute_path(True), path]})
        elif rule.rule == translation.TranslationRule.ADD and rule.value:
            told.append({"add": [path, list(rule.value)]})
    return told
