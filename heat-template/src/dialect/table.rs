//! The one table that says which dialect knows which function, and how it behaves there.

use super::{Dialect, Family};
use crate::expression::Compile;
use crate::function::{
    attribute, branch, condition, digest, facade, file, join, list, map, mapping, member, parameter,
};
use crate::function::{repeat, replace, resource, select, split, text, url, yaql, zones};
use std::collections::HashMap;

/// What a dialect makes of a function's name.
#[derive(Debug, Clone, Copy)]
pub enum Availability {
    /// It is a function, compiled by this.
    Known(Compile),
    /// It was a function in an older version and is refused.
    Removed,
    /// It is a function, but not in a condition.
    NotHere,
}

/// The HOT versions, oldest first.
const HOT: [(&str, &[&str]); 11] = [
    ("2013-05-23", &[]),
    ("2014-10-16", &[]),
    ("2015-04-30", &[]),
    ("2015-10-15", &[]),
    ("2016-04-08", &[]),
    ("2016-10-14", &["newton"]),
    ("2017-02-24", &["ocata"]),
    ("2017-09-01", &["pike"]),
    ("2018-03-02", &["queens"]),
    ("2018-08-31", &["rocky"]),
    ("2021-04-16", &["wallaby"]),
];

/// A function in all dialects.
#[derive(Debug, Clone, Copy)]
pub struct FunctionRow {
    /// Its name.
    pub name: &'static str,
    /// In HOT: from which version on it behaves how (`None`: it was removed).
    pub hot: &'static [(&'static str, Option<Compile>)],
    /// In `AWSTemplateFormatVersion: 2010-09-09`.
    pub aws: Option<Compile>,
    /// In `HeatTemplateFormatVersion: 2012-12-12`.
    pub heat: Option<Compile>,
}

const fn hot(name: &'static str, hot: &'static [(&'static str, Option<Compile>)]) -> FunctionRow {
    FunctionRow { name, hot, aws: None, heat: None }
}

/// A function of both CFN dialects that HOT had only in its first version.
const fn cfn(
    name: &'static str,
    compile: Compile,
    hot: &'static [(&'static str, Option<Compile>)],
) -> FunctionRow {
    FunctionRow { name, hot, aws: Some(compile), heat: Some(compile) }
}

const FUNCTIONS: &[FunctionRow] = &[
    hot("get_param", &[("2013-05-23", Some(parameter::get_param))]),
    hot("get_resource", &[("2013-05-23", Some(resource::get_resource))]),
    hot(
        "get_attr",
        &[
            ("2013-05-23", Some(attribute::then_select)),
            ("2014-10-16", Some(attribute::with_path)),
            ("2015-10-15", Some(attribute::or_all)),
        ],
    ),
    hot("get_file", &[("2013-05-23", Some(file::get_file))]),
    hot("resource_facade", &[("2013-05-23", Some(facade::resource_facade))]),
    hot("list_join", &[("2013-05-23", Some(join::one_list)), ("2015-10-15", Some(join::several_lists))]),
    hot("str_replace", &[("2013-05-23", Some(replace::plain)), ("2015-10-15", Some(replace::json))]),
    hot("str_replace_strict", &[("2017-02-24", Some(replace::strict))]),
    hot("str_replace_vstrict", &[("2017-09-01", Some(replace::very_strict))]),
    hot(
        "repeat",
        &[
            ("2015-04-30", Some(repeat::over_lists)),
            ("2016-10-14", Some(repeat::over_lists_and_maps)),
            ("2017-09-01", Some(repeat::with_permutations)),
        ],
    ),
    hot("digest", &[("2015-04-30", Some(digest::digest))]),
    hot("str_split", &[("2015-10-15", Some(split::str_split))]),
    hot("map_merge", &[("2016-04-08", Some(map::merge))]),
    hot("map_replace", &[("2016-10-14", Some(map::replace))]),
    hot("yaql", &[("2016-10-14", Some(yaql::yaql))]),
    hot("if", &[("2016-10-14", Some(branch::three)), ("2021-04-16", Some(branch::two_or_three))]),
    hot("filter", &[("2017-02-24", Some(list::filter))]),
    hot("make_url", &[("2017-09-01", Some(url::make_url))]),
    hot("list_concat", &[("2017-09-01", Some(list::concat))]),
    hot("list_concat_unique", &[("2017-09-01", Some(list::concat_unique))]),
    hot("contains", &[("2017-09-01", Some(list::contains))]),
    cfn("Ref", resource::reference, &[("2013-05-23", Some(resource::reference)), ("2014-10-16", None)]),
    cfn("Fn::GetAZs", zones::get_azs, &[("2013-05-23", Some(zones::get_azs)), ("2014-10-16", None)]),
    cfn("Fn::Join", join::one_list, &[("2013-05-23", Some(join::one_list)), ("2014-10-16", None)]),
    cfn("Fn::Base64", text::base64, &[("2013-05-23", Some(text::base64)), ("2014-10-16", None)]),
    cfn("Fn::Select", select::select, &[("2013-05-23", Some(select::select)), ("2015-10-15", None)]),
    cfn("Fn::Split", split::split, &[("2013-05-23", Some(split::split)), ("2014-10-16", None)]),
    cfn("Fn::Replace", replace::cfn, &[("2013-05-23", Some(replace::cfn)), ("2014-10-16", None)]),
    cfn(
        "Fn::MemberListToMap",
        member::list_to_map,
        &[("2013-05-23", Some(member::list_to_map)), ("2014-10-16", None)],
    ),
    cfn("Fn::ResourceFacade", facade::cfn, &[("2013-05-23", Some(facade::cfn)), ("2014-10-16", None)]),
    cfn("Fn::GetAtt", attribute::cfn, &[]),
    cfn("Fn::FindInMap", mapping::find_in_map, &[]),
    FunctionRow { name: "Fn::If", hot: &[], aws: Some(branch::three), heat: None },
];

const CONDITION_FUNCTIONS: &[FunctionRow] = &[
    hot("equals", &[("2016-10-14", Some(condition::equals))]),
    hot("not", &[("2016-10-14", Some(condition::not))]),
    hot("and", &[("2016-10-14", Some(condition::and))]),
    hot("or", &[("2016-10-14", Some(condition::or))]),
    hot("get_param", &[("2016-10-14", Some(parameter::get_param))]),
    hot("yaql", &[("2017-09-01", Some(yaql::yaql))]),
    hot("contains", &[("2017-09-01", Some(list::contains))]),
    aws("Fn::Equals", condition::equals),
    aws("Fn::Not", condition::not_in_list),
    aws("Fn::And", condition::and),
    aws("Fn::Or", condition::or),
    aws("Fn::FindInMap", mapping::find_in_map),
    aws("Ref", parameter::parameter_reference),
];

const fn aws(name: &'static str, compile: Compile) -> FunctionRow {
    FunctionRow { name, hot: &[], aws: Some(compile), heat: None }
}

/// Heat's 33 functions.
pub fn function_table() -> &'static [FunctionRow] {
    FUNCTIONS
}

/// Heat's 13 condition functions.
pub fn condition_function_table() -> &'static [FunctionRow] {
    CONDITION_FUNCTIONS
}

/// Heat's 13 dialects.
pub(super) fn dialects() -> Vec<Dialect> {
    let mut dialects: Vec<_> = HOT
        .iter()
        .map(|(version, aliases)| {
            let column = |rows: &[FunctionRow]| -> HashMap<&'static str, Availability> {
                rows.iter()
                    .filter_map(|row| {
                        // Versions are dates, so they compare as texts.
                        let (_, behaviour) = row.hot.iter().rev().find(|(since, _)| since <= version)?;
                        Some((row.name, behaviour.map_or(Availability::Removed, Availability::Known)))
                    })
                    .collect()
            };
            Dialect {
                family: Family::Hot,
                version_key: "heat_template_version",
                version,
                aliases,
                functions: column(FUNCTIONS),
                condition_functions: column(CONDITION_FUNCTIONS),
                has_conditions: *version >= "2016-10-14",
                has_modulo: *version >= "2017-02-24",
                has_tags: *version >= "2018-03-02",
                policies_in_lower_case: *version >= "2016-10-14",
            }
        })
        .collect();
    for (version_key, version, is_aws) in
        [("AWSTemplateFormatVersion", "2010-09-09", true), ("HeatTemplateFormatVersion", "2012-12-12", false)]
    {
        let column = |rows: &[FunctionRow]| -> HashMap<&'static str, Availability> {
            rows.iter()
                .filter_map(|row| {
                    Some((row.name, Availability::Known(if is_aws { row.aws } else { row.heat }?)))
                })
                .collect()
        };
        dialects.push(Dialect {
            family: Family::Cfn,
            version_key,
            version,
            aliases: &[],
            functions: column(FUNCTIONS),
            condition_functions: column(CONDITION_FUNCTIONS),
            has_conditions: is_aws,
            has_modulo: false,
            has_tags: false,
            policies_in_lower_case: false,
        });
    }
    dialects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialects;

    fn count(key: &str, version: &str) -> (usize, usize) {
        let dialects = Dialects::default();
        let dialect = dialects.find(key, version).unwrap();
        let conditions = dialect
            .condition_functions
            .values()
            .filter(|availability| matches!(availability, Availability::Known(_)))
            .count();
        (dialect.function_names(false).len(), conditions)
    }

    #[test]
    fn every_dialect_has_as_many_functions_as_in_heat() {
        let expected = [
            ("2013-05-23", (16, 0)),
            ("2014-10-16", (8, 0)),
            ("2015-04-30", (10, 0)),
            ("2015-10-15", (10, 0)),
            ("2016-04-08", (11, 0)),
            ("newton", (14, 5)),
            ("ocata", (16, 5)),
            ("pike", (21, 7)),
            ("queens", (21, 7)),
            ("rocky", (21, 7)),
            ("wallaby", (21, 7)),
        ];
        for (version, counts) in expected {
            assert_eq!(count("heat_template_version", version), counts, "{version}");
        }
        assert_eq!(count("AWSTemplateFormatVersion", "2010-09-09"), (12, 6));
        assert_eq!(count("HeatTemplateFormatVersion", "2012-12-12"), (11, 0));
        assert_eq!(Dialects::default().iter().count(), 13);
        let aliases: usize = Dialects::default().iter().map(|dialect| dialect.aliases().len()).sum();
        assert_eq!(aliases, 6);
        assert_eq!((FUNCTIONS.len(), CONDITION_FUNCTIONS.len()), (33, 13));
    }

    #[test]
    fn removed_functions_are_refused_and_others_are_not_for_conditions() {
        let dialects = Dialects::default();
        let wallaby = dialects.find("heat_template_version", "wallaby").unwrap();
        assert!(matches!(wallaby.function("Ref"), Some(Availability::Removed)));
        assert!(wallaby.function("Fn::GetAtt").is_none());
        assert!(wallaby.function("equals").is_none());
        assert!(matches!(wallaby.condition_function("list_join"), Some(Availability::NotHere)));
        assert!(matches!(wallaby.condition_function("Ref"), Some(Availability::Removed)));
        let newton = dialects.find("heat_template_version", "newton").unwrap();
        assert!(matches!(newton.condition_function("yaql"), Some(Availability::NotHere)));
    }
}
