//! Every kind of problem with its stable code: the one table.
//!
//! The hundreds tell the area: 0 reading, 1 structure, 2 parameters and environment, 3 functions and conditions,
//! 4 resources and properties, 5 outputs. A code is never given a second meaning and never taken away; new ones are
//! added at the end of their area.

use super::Code;

/// What a code means, for `--explain`, SARIF rules and the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// A few words.
    pub title: &'static str,
    /// What to know and what to do about it; empty where the title says it all.
    pub explanation: &'static str,
}

/// The table entry of a code; `None` for a code that a third party made up.
pub fn info(code: Code) -> Option<&'static CodeInfo> {
    ALL.iter().find(|info| info.code == code)
}

macro_rules! codes {
    ($($name:ident = $code:literal: $title:literal $(, $explanation:literal)?;)*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $title, ".", $(" ", $explanation)?)]
            pub const $name: Code = Code($code);
        )*

        /// All codes in order.
        pub const ALL: &[CodeInfo] = &[$(CodeInfo {
            code: $name,
            title: $title,
            explanation: concat!("" $(, $explanation)?),
        },)*];
    };
}

codes! {
    // 0: reading
    SYNTAX = "HT0001": "wrong syntax",
        "The text is neither JSON nor YAML 1.1: neither libyaml's grammar nor PyYAML's own accepts it.";
    CONTROL_CHARACTER = "HT0002": "character that YAML does not allow",
        "Control characters and lone surrogates cannot stand in a YAML text; write them as an escape in double quotes.";
    SECOND_DOCUMENT = "HT0003": "more than one document",
        "A template is one YAML document; remove what follows the second `---`.";
    UNDEFINED_ALIAS = "HT0004": "alias without an anchor",
        "`*name` stands for the node that `&name` marked earlier in the same text.";
    DUPLICATE_ANCHOR = "HT0005": "anchor defined twice",
        "PyYAML refuses a second `&name` in one text, unlike the YAML specification.";
    RECURSIVE_ALIAS = "HT0006": "alias inside the node that it stands for",
        "A value that contains itself has no finite form.";
    UNKNOWN_TAG = "HT0007": "tag that is not known",
        "Only the tags of YAML 1.1's safe schema are read (`!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!binary`, \
         `!!timestamp`, `!!seq`, `!!map`, `!!set`, `!!omap`, `!!pairs`); short forms such as `!Ref` belong to another tool.";
    TAG_MISMATCH = "HT0008": "value does not fit its tag",
        "The text or the kind of node cannot be read as what its tag says.";
    BAD_MERGE = "HT0009": "merge key over something that is not a map",
        "The value of `<<` is a map or a list of maps.";
    KEY_NOT_SCALAR = "HT0010": "list or map as a key",
        "Keys are texts, numbers, booleans or null.";
    VALUE_KEY = "HT0011": "bare `=`",
        "A plain `=` is YAML 1.1's value key, which cannot be read on its own; quote it.";
    DATE_VERSION = "HT0012": "version read as a date",
        "The file is readable only by the second reader, which makes a date of an unquoted version; mend the syntax or quote \
         the version.";
    TEXT_TOO_LONG = "HT0020": "text too long",
        "The text has more characters than the limit allows (Heat's `max_template_size`).";
    NESTED_TOO_DEEPLY = "HT0021": "nested too deeply",
        "Lists and maps are nested deeper than the limit allows.";
    TOO_MANY_NODES = "HT0022": "too many nodes",
        "The text has more nodes than the limit allows.";
    ALIAS_EXPANSION = "HT0023": "aliases expand to too much",
        "Aliases and merge keys would copy more nodes than the limit allows.";
    SCALAR_TOO_LONG = "HT0024": "single text too long",
        "One scalar is longer than the limit allows.";
    DUPLICATE_KEY = "HT0030": "key given twice",
        "Of equal keys the last one stands, silently in Heat. Numbers and booleans are equal as in Python: `1`, `1.0` and \
         `true` are one key.";
    KEY_BECOMES_TEXT = "HT0031": "key is not a text",
        "Templates travel as JSON, so a key that YAML reads as a boolean, a number or null becomes its text: an output named \
         `on` is called `true`. Quote it to keep it as written.";
    SURPRISING_NUMBER = "HT0032": "number that does not look like its value",
        "YAML 1.1 reads `0777` as octal and `22:22` in base sixty. Quote it if a text was meant.";
    TEXT_NOT_NUMBER = "HT0033": "text that looks like a number",
        "YAML 1.1 reads `08`, `0o17` and `1e3` as texts. Write a number in a form that it knows, or quote the text.";
    PYTHON_GRAMMAR = "HT0034": "readable only by PyYAML's own grammar",
        "libyaml refuses the text; Heat falls back to PyYAML's pure Python reader, whose result is used. Other YAML tools \
         may refuse it.";
    NUMBER_NOT_FINITE = "HT0035": "infinity or NaN",
        "JSON has no such number; the value is kept as the text `Infinity`, `-Infinity` or `NaN`.";
    PROBLEMS_LEFT_OUT = "HT0036": "too many problems to tell",
        "Only the first thousand problems of reading are told.";

    // 1: structure
    VERSION_MISSING = "HT0101": "the template does not tell its version",
        "A template has exactly one of the keys `heat_template_version`, `AWSTemplateFormatVersion` and \
         `HeatTemplateFormatVersion`, and its value is a text.";
    VERSION_AMBIGUOUS = "HT0102": "the template tells more than one version",
        "Only one of the keys that tell a version may be there; take the others away.";
    VERSION_UNKNOWN = "HT0103": "no dialect has this version",
        "The versions of HOT are dates, the newer ones have the name of a release, too. There is no \
         version between them: a date that is not one of them is refused.";
    NOT_A_MAP = "HT0104": "the text is not a map",
        "A template is a map with sections, such as `resources:`, at the top.";
    UNKNOWN_SECTION = "HT0105": "the dialect has no such section",
        "Every key at the top of a template is a section of its dialect. Conditions exist from version \
         2016-10-14 on. Anchors need a place inside a section.";
    SECTION_SHAPE = "HT0106": "a section has the wrong shape",
        "Parameters, conditions, resources and outputs are maps from names to definitions.";
    GROUP_SHAPE = "HT0107": "a parameter group has the wrong shape",
        "Parameter groups are a list of maps with `label`, `description` and `parameters`, which is a \
         list of names.";
    GROUP_UNKNOWN_PARAMETER = "HT0108": "a parameter group names a parameter that does not exist",
        "A group names parameters that the template declares.";
    GROUP_PARAMETER_TWICE = "HT0109": "a parameter is in two groups",
        "A parameter is shown once, so that it can be in one group only.";
    DUPLICATE_NAME = "HT0110": "a resource and a parameter have the same name",
        "Parameters and resources share their names, because `Ref` of the CFN dialects finds either.";

    // 2: parameters and environment
    PARAMETER_SHAPE = "HT0201": "the declaration of a parameter has the wrong shape",
        "A parameter is declared by a map with `type` and perhaps `default`, `label`, `description`, \
         `hidden`, `immutable`, `constraints` and `tags`.";
    PARAMETER_UNKNOWN_KEY = "HT0202": "a parameter has no such key",
        "Heat refuses keys that it does not know; `tags` exists from version 2018-03-02 on.";
    PARAMETER_TYPE_MISSING = "HT0203": "a parameter has no type",
        "Every parameter tells its type.";
    PARAMETER_TYPE_UNKNOWN = "HT0204": "no such parameter type",
        "The types are `string`, `number`, `boolean`, `comma_delimited_list` and `json`; in CFN dialects \
         `String`, `Number`, `Boolean`, `CommaDelimitedList` and `Json`.";
    CONSTRAINT_SHAPE = "HT0205": "a constraint has the wrong shape",
        "Constraints are a list; each item has one of `length`, `range`, `modulo` (from 2017-02-24 on), \
         `allowed_values`, `allowed_pattern` and `custom_constraint`, and perhaps a `description`.";
    CONSTRAINT_NOT_FOR_TYPE = "HT0206": "a constraint does not go with the type",
        "`length` is for texts, lists and json, `range` and `modulo` for numbers, `allowed_pattern` for \
         texts, `allowed_values` and `custom_constraint` for all but json.";
    PARAMETER_DEFAULT = "HT0207": "the default of a parameter is not a valid value",
        "A default is held against the constraints even when another value is given.";
    PARAMETER_MISSING = "HT0208": "a parameter was not given",
        "A parameter without a default needs a value: in the request, or in `parameters` or \
         `parameter_defaults` of an environment. Null counts as not given.";
    PARAMETER_UNDECLARED = "HT0209": "a value is given for a parameter that the template does not have",
        "Values may be given only for parameters that the template declares. `parameter_defaults` of an \
         environment may name others.";
    PARAMETER_VALUE = "HT0210": "a value is not valid for its parameter",
        "The value cannot be brought into the type, or does not satisfy a constraint. A pattern must \
         match the whole value with its first match.";
    PARAMETER_UNUSED = "HT0211": "a parameter is never used",
        "Nothing in the template asks for the parameter.";
    PARAMETER_IMMUTABLE = "HT0212": "a parameter may not be changed",
        "A parameter that is declared `immutable` keeps the value that it had when the stack got it.";
    ENVIRONMENT_SHAPE = "HT0220": "an environment has the wrong shape",
        "An environment is a map; its sections are maps, but `event_sinks` and `encrypted_param_names`, \
         which are lists.";
    ENVIRONMENT_SECTION = "HT0221": "an environment has no such section",
        "The sections are `parameters`, `parameter_defaults`, `resource_registry`, `event_sinks`, \
         `encrypted_param_names` and `parameter_merge_strategies`.";
    ENVIRONMENT_EMPTY_SECTION = "HT0222": "a section of an environment is empty",
        "A section without a value is refused; write `{}` or leave it out.";
    REGISTRY_ENTRY = "HT0223": "an entry of the resource registry has the wrong shape",
        "The registry maps a type, or a prefix with `*`, to a type, a prefix with `*`, or a template. \
         Null takes an entry away. What concerns single resources stands under `resources`.";
    REGISTRY_HOOK = "HT0224": "no such hook",
        "The hooks are `pre-create`, `pre-update`, `pre-delete`, `post-create`, `post-update` and \
         `post-delete`.";
    REGISTRY_RESTRICTED_ACTION = "HT0225": "no such restricted action",
        "What can be restricted is `update` and `replace`.";
    REGISTRY_LOOP = "HT0226": "types are mapped in a circle",
        "A type is mapped to the next until a plugin's type or a template is found; these never end.";
    MERGE_STRATEGY = "HT0227": "values cannot be merged",
        "Texts, lists and maps can be merged with `merge` and `deep_merge`, numbers and booleans only \
         overwritten. A file may not name another strategy for a parameter than those before it.";
    ENVIRONMENT_FILE_MISSING = "HT0228": "an environment file is not attached",
        "The request names an environment that is not among its files.";

    // 3: functions and conditions
    FUNCTION_ARGUMENTS = "HT0301": "a function has the wrong arguments",
        "The form of the arguments is wrong, whatever their values are.";
    FUNCTION_REMOVED = "HT0302": "the function is not in this version any more",
        "Most functions with `Fn::` exist in the first version of HOT and in CFN dialects only; \
         `Fn::Select` until 2015-04-30.";
    FUNCTION_NOT_HERE = "HT0303": "the function is not possible in a condition",
        "A condition knows `equals`, `not`, `and`, `or`, `get_param`, and from 2017-09-01 on `contains` \
         and `yaql`.";
    FUNCTION_UNSUPPORTED = "HT0304": "the function is not supported",
        "The function belongs to the language, but cannot be evaluated here.";
    FUNCTION_VALUE = "HT0305": "a function cannot work with this value",
        "The form of the arguments is right, but what they came to is not what the function works with. \
         While a template is validated, attributes are null.";
    PARAMETER_REFERENCE = "HT0306": "no parameter has this name",
        "`get_param` names a parameter of the template or one of `OS::stack_name`, `OS::stack_id` and \
         `OS::project_id`.";
    RESOURCE_REFERENCE = "HT0307": "no resource has this name",
        "`get_resource` and `get_attr` name a resource of the same template.";
    RESOURCE_DISABLED = "HT0308": "the resource is disabled by its condition",
        "A resource whose condition is false is not there. `depends_on` may name it all the same; other \
         references belong into an `if`.";
    ATTRIBUTE_REFERENCE = "HT0309": "the resource has no such attribute",
        "The attributes are those of the type of the resource, and `show`.";
    FILE_REFERENCE = "HT0310": "the file is not attached",
        "`get_file` reads only files that came with the template.";
    MAPPING_REFERENCE = "HT0311": "the mapping has no such entry",
        "`Fn::FindInMap` names a mapping and two keys in it.";
    CONDITION_REFERENCE = "HT0312": "no condition has this name",
        "A condition is named in the section `conditions`.";
    CONDITION_CIRCULAR = "HT0313": "conditions are defined by each other",
        "To decide the one, the other would have to be decided first.";
    CONDITION_VALUE = "HT0314": "a condition is not a boolean",
        "A condition is `true`, `false` or a condition function; where one is used it may also be the \
         name of one. In its definition a bare name is refused.";
    FUNCTION_LOOKALIKE = "HT0315": "a map looks like a function but is data",
        "A call is a map with exactly one key, which is the name of a function of this version. \
         Everything else is data, without a word from Heat.";
    VALUE_TOO_LARGE = "HT0316": "functions make too much",
        "The functions of one value may make a certain amount of text, lists and maps and not more, what one makes for \
         another counted. Heat has no limit.";

    // 4: resources and properties
    RESOURCE_SHAPE = "HT0401": "a resource has the wrong shape",
        "A resource is a map with `type` and perhaps `properties`, `metadata` and `update_policy`, which \
         are maps, `depends_on`, which is a name or a list of names, `deletion_policy`, `description`, \
         `external_id` and `condition`.";
    RESOURCE_UNKNOWN_KEY = "HT0402": "a resource has no such key",
        "HOT refuses keys that it does not know; CFN dialects pay no attention to them. `condition` and \
         `external_id` exist from version 2016-10-14 on.";
    RESOURCE_TYPE_MISSING = "HT0403": "a resource has no type",
        "Every resource tells its type, in so many words.";
    RESOURCE_TYPE_UNKNOWN = "HT0404": "no such resource type",
        "No plugin provides the type, and no entry of the environment's registry leads to one.";
    RESOURCE_NAME = "HT0405": "a resource may not have this name",
        "The name of a resource must not contain `/`.";
    DEPENDENCY_UNKNOWN = "HT0406": "depends_on names a resource that does not exist",
        "`depends_on` names resources of the same template; one that a condition disables may be among \
         them.";
    DEPENDENCY_CYCLE = "HT0407": "resources depend on each other in a circle",
        "Each of them waits for the next one, so that none can be the first. References in properties and \
         metadata are dependencies, too.";
    DEPENDENCY_EXTERNAL = "HT0408": "an external resource may not depend on others",
        "Something that exists already is not made, so that it can wait for nothing.";
    DELETION_POLICY = "HT0409": "no such deletion policy",
        "The policies are `Delete`, `Retain` and `Snapshot`, from 2016-10-14 on also in lower case. \
         `Snapshot` is possible only for types that can be snapshotted.";
    UPDATE_POLICY = "HT0410": "the update policy is not valid",
        "The keys and values are those of the type's own update policy.";
    PROPERTY_UNKNOWN = "HT0411": "no such property",
        "The type has no property of this name at this place.";
    PROPERTY_MISSING = "HT0412": "a required property is missing",
        "A required property must be given. Null is as good as a value.";
    PROPERTY_TYPE = "HT0413": "a property has the wrong type",
        "Integers and booleans become texts, texts of numbers become numbers, a float becomes an integer \
         without its fraction; nothing else is converted. A boolean is `true` or `false`, not `yes`.";
    PROPERTY_CONSTRAINT = "HT0414": "a property does not satisfy a constraint",
        "The value has the right type, but is not one that the type of the resource accepts.";
    PROPERTY_NOT_IMPLEMENTED = "HT0415": "a property is not implemented",
        "The property is in the type's schema for the sake of other clouds' templates, and cannot be \
         used.";
    PROPERTY_CONFLICT = "HT0416": "properties exclude each other",
        "One of them is the older name of the other; give one of them.";
    DEPRECATED = "HT0417": "something should not be used any more",
        "It works, but may be taken away; the help tells what to use.";
    PROPERTY_IMMUTABLE = "HT0418": "a property may not be changed",
        "The type says that the property keeps its value as long as the resource lives.";
    NESTED_TOO_DEEP = "HT0419": "nested stacks lie too deep inside each other",
        "A template that is used inside itself, directly or by way of others, has no end; otherwise the limit can be raised.";
    FACADE = "HT0420": "a template does not fit the type that it stands for",
        "A template in place of a type takes what the type requires and offers its attributes as outputs.";
    TOO_MANY_NESTED = "HT0421": "too many nested stacks",
        "Nested templates that hold several of others multiply. Stacks and resources below the root are counted; the limit \
         can be raised.";

    // 5: outputs
    OUTPUT_SHAPE = "HT0501": "an output has the wrong shape",
        "An output is a map with `value` and perhaps `description` and `condition`.";
    OUTPUT_VALUE_MISSING = "HT0502": "an output has no value",
        "Every output has a `value`, which may be null.";
    OUTPUT_UNKNOWN = "HT0503": "no such output",
        "The template has no output of this name.";
    OUTPUT_UNKNOWN_KEY = "HT0504": "an output has no such key",
        "Heat pays no attention to keys of an output that it does not know.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        for pair in ALL.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} before {}", pair[0].code, pair[1].code);
        }
    }

    #[test]
    fn codes_are_well_formed_and_lie_in_an_area() {
        for info in ALL {
            let digits = info.code.0.strip_prefix("HT").unwrap();
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", info.code);
            assert!(("00".."06").contains(&&digits[..2]), "{}: no such area", info.code);
            assert!(!info.title.is_empty() && !info.title.ends_with('.'), "{}", info.code);
            assert!(info.explanation.ends_with('.'), "{}: no explanation", info.code);
        }
    }

    #[test]
    fn a_code_finds_its_entry() {
        assert_eq!(info(SYNTAX).map(|info| info.title), Some("wrong syntax"));
        assert_eq!(info(Code("HT9999")), None);
    }
}
