//! `OS::Heat::RandomString`: a secret that nobody has to think up.

use heat_plugin_sdk::{
    Attributes, Context, Created, Failure, FindBasis, Observed, PhysicalId, Properties, Resource, Result,
    Secret,
};
use rand::rngs::{StdRng, SysRng};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Makes a random text once and keeps it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomString;

/// A text of random characters: of all those that its classes and sequences name, and of each of these at least so many as
/// it asks for.
#[derive(Debug, Clone, Deserialize, Properties)]
#[property(since = "2014.1")]
pub struct RandomStringProperties {
    /// Length of the text.
    #[property(default = 32, constraint(range(min = 1, max = 512)))]
    length: i64,
    /// The class of all characters.
    #[property(
        constraint(allowed(
            "lettersdigits",
            "letters",
            "lowercase",
            "uppercase",
            "digits",
            "hexdigits",
            "octdigits"
        )),
        deprecated(since = "2014.2", message = "Use property character_classes."),
        hidden(since = "5.0.0")
    )]
    sequence: Option<String>,
    /// Classes of characters.
    #[property(default = serde_json::json!([{"class": "lettersdigits", "min": 1}]))]
    character_classes: Vec<CharacterClass>,
    /// Characters by themselves.
    character_sequences: Option<Vec<CharacterSequence>>,
    /// Has no meaning: another salt makes another text.
    #[expect(dead_code, reason = "a change of it replaces the resource; the schema says so")]
    salt: Option<String>,
}

/// A class of characters.
#[derive(Debug, Clone, PartialEq, Deserialize, Properties)]
struct CharacterClass {
    /// The class.
    #[property(
        default = "lettersdigits",
        constraint(allowed(
            "lettersdigits",
            "letters",
            "lowercase",
            "uppercase",
            "digits",
            "hexdigits",
            "octdigits"
        ))
    )]
    class: String,
    /// How many characters of the class there are at least.
    #[property(default = 1, constraint(range(min = 1, max = 512)))]
    min: i64,
}

/// Some characters.
#[derive(Debug, Clone, PartialEq, Deserialize, Properties)]
struct CharacterSequence {
    /// The characters.
    sequence: String,
    /// How many of these characters there are at least.
    #[property(default = 1, constraint(range(min = 1, max = 512)))]
    min: i64,
}

/// What a random text tells.
#[derive(Debug, Serialize, Attributes)]
pub struct RandomStringAttributes {
    /// The text; it is also what the resource's reference gives.
    #[attribute(at_creation)]
    value: Secret<String>,
}

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";

fn members(class: &str) -> String {
    match class {
        "letters" => [LOWER, UPPER].concat(),
        "lowercase" => LOWER.to_owned(),
        "uppercase" => UPPER.to_owned(),
        "digits" => DIGITS.to_owned(),
        "hexdigits" => [DIGITS, "ABCDEF"].concat(),
        "octdigits" => "01234567".to_owned(),
        _ => [LOWER, UPPER, DIGITS].concat(),
    }
}

/// Characters, each once, and how many of them there are at least.
struct Group {
    characters: BTreeSet<char>,
    min: i64,
}

impl RandomStringProperties {
    /// The classes, with what the old property `sequence` adds to those that are given.
    fn classes(&self) -> Vec<CharacterClass> {
        let mut classes = self.character_classes.clone();
        if let Some(class) = &self.sequence {
            // The default stands only where nothing is said.
            if classes == [CharacterClass { class: "lettersdigits".to_owned(), min: 1 }] {
                classes.clear();
            }
            classes.push(CharacterClass { class: class.clone(), min: 1 });
        }
        classes
    }

    fn groups(&self) -> Vec<Group> {
        let sequences = self
            .character_sequences
            .iter()
            .flatten()
            .map(|sequence| Group { characters: sequence.sequence.chars().collect(), min: sequence.min });
        let classes = self.classes();
        let classes = classes
            .iter()
            .map(|class| Group { characters: members(&class.class).chars().collect(), min: class.min });
        sequences.chain(classes).collect()
    }

    fn generate(&self, random: &mut impl Rng) -> Result<String> {
        let empty = |property: &str| {
            Failure::invalid(
                property.to_owned(),
                "a sequence or class without characters: there are no characters to choose from",
            )
        };
        let groups = self.groups();
        let all: BTreeSet<char> = groups.iter().flat_map(|group| &group.characters).copied().collect();
        let all: Vec<char> = all.into_iter().collect();
        let length = usize::try_from(self.length).unwrap_or(0);
        let mut text: Vec<char> = Vec::with_capacity(length);
        for group in &groups {
            let characters: Vec<char> = group.characters.iter().copied().collect();
            for _ in 0..group.min {
                text.push(*characters.choose(random).ok_or_else(|| empty("character_sequences"))?);
            }
        }
        while text.len() < length {
            text.push(*all.choose(random).ok_or_else(|| empty("character_classes"))?);
        }
        text.shuffle(random);
        text.truncate(length);
        Ok(text.into_iter().collect())
    }
}

impl Resource for RandomString {
    const TYPE: &'static str = "OS::Heat::RandomString";
    type Connection = ();
    type Properties = RandomStringProperties;
    type Attributes = RandomStringAttributes;

    async fn create(&self, cx: &Context<'_, Self>, properties: &RandomStringProperties) -> Result<Created> {
        // Not the context's seed: that follows from the operation's key, which is no secret. Nobody has seen the text of
        // an attempt that was not recorded, so another attempt may well give another one.
        let mut random = StdRng::try_from_rng(&mut SysRng).map_err(|error| {
            Failure::unavailable(None, format!("the operating system gives no random numbers: {error}"))
        })?;
        let text = properties.generate(&mut random)?;
        let created = Created::new(cx.physical_name(255)).attribute("value", text);
        Ok(created.complete(Observed::<Self>::ready()))
    }

    async fn read(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<Option<Observed<Self>>> {
        Ok(Some(Observed::ready()))
    }

    async fn delete(&self, _: &Context<'_, Self>, _: &PhysicalId) -> Result<()> {
        Ok(())
    }

    fn is_local(&self) -> bool {
        true
    }

    fn find_basis(&self, _: &RandomStringProperties) -> FindBasis {
        // Its reference is its text, and a short one may well come out the same again.
        FindBasis::Unique
    }

    fn reference_id(&self, cx: &Context<'_, Self>, _: &PhysicalId) -> String {
        cx.recorded_attribute("value").and_then(Value::as_str).unwrap_or(cx.name()).to_owned()
    }

    fn validate(&self, properties: &RandomStringProperties) -> Result<()> {
        let needed: i64 = properties.groups().iter().map(|group| group.min).sum();
        if needed > properties.length {
            return Err(Failure::invalid(
                "length".to_owned(),
                format!(
                    "length is {}, which is less than the {needed} characters that its character classes and sequences \
                     ask for at least",
                    properties.length
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, invalid_property};
    use super::*;
    use heat_plugin_sdk::schema::{AttributeMode, Constraint, Support, SupportStatus, UpdateMode};
    use proptest::prelude::*;
    use serde_json::json;

    async fn made(properties: Value) -> String {
        let mut bench = Bench::new(RandomString, properties);
        bench.validate().unwrap();
        bench.create().await.unwrap();
        let text = bench.attribute("value").as_str().unwrap().to_owned();
        assert_eq!(bench.reference_id(), text, "the reference is the text");
        text
    }

    fn count(text: &str, of: impl Fn(char) -> bool) -> usize {
        text.chars().filter(|character| of(*character)).count()
    }

    #[test]
    fn its_schema_is_heats() {
        let schema = RandomString.schema();
        let names: Vec<_> = schema.properties.keys().map(String::as_str).collect();
        assert_eq!(names, ["length", "sequence", "character_classes", "character_sequences", "salt"]);
        assert_eq!(schema.properties["length"].constraints, [Constraint::range(1, 512)]);
        assert_eq!(schema.properties["length"].default, Some(json!(32)));
        assert!(schema.properties.values().all(|property| property.update == UpdateMode::Replace));
        let deprecated = Support {
            status: SupportStatus::Deprecated,
            version: Some("2014.2".into()),
            message: Some("Use property character_classes.".into()),
            previous: None,
        };
        let hidden = &schema.properties["sequence"].support;
        assert_eq!(hidden.status, SupportStatus::Hidden);
        assert_eq!(hidden.version.as_deref(), Some("5.0.0"));
        assert_eq!(hidden.previous.as_deref(), Some(&deprecated));
        let default = Some(json!([{"class": "lettersdigits", "min": 1}]));
        assert_eq!(schema.properties["character_classes"].default, default);
        let value = &schema.attributes["value"];
        assert!(value.secret && value.mode == AttributeMode::AtCreation);
    }

    #[tokio::test]
    async fn without_properties_there_are_32_letters_and_digits() {
        let text = made(json!({})).await;
        assert_eq!(text.len(), 32);
        assert!(text.chars().all(|character| character.is_ascii_alphanumeric()), "{text}");
        assert_ne!(text, made(json!({})).await);
    }

    #[tokio::test]
    async fn every_class_has_its_own_characters() {
        type Belongs = fn(char) -> bool;
        let classes: [(&str, Belongs); 7] = [
            ("lettersdigits", |c| c.is_ascii_alphanumeric()),
            ("letters", |c| c.is_ascii_alphabetic()),
            ("lowercase", |c| c.is_ascii_lowercase()),
            ("uppercase", |c| c.is_ascii_uppercase()),
            ("digits", |c| c.is_ascii_digit()),
            ("hexdigits", |c| c.is_ascii_digit() || ('A'..='F').contains(&c)),
            ("octdigits", |c| ('0'..='7').contains(&c)),
        ];
        for (class, belongs) in classes {
            let text = made(json!({"length": 512, "character_classes": [{"class": class}]})).await;
            assert_eq!(count(&text, belongs), 512, "{class}: {text}");
            let text = made(json!({"length": 512, "sequence": class})).await;
            assert_eq!(count(&text, belongs), 512, "sequence {class}: {text}");
        }
    }

    #[tokio::test]
    async fn minima_of_classes_and_sequences_are_kept() {
        let text = made(json!({
            "length": 32,
            "character_classes": [{"class": "digits", "min": 1}, {"class": "lowercase", "min": 20}],
            "character_sequences": [{"sequence": "$_", "min": 2}, {"sequence": "@", "min": 5}],
        }))
        .await;
        assert_eq!(text.len(), 32);
        assert!(count(&text, |c| c.is_ascii_digit()) >= 1, "{text}");
        assert!(count(&text, |c| c.is_ascii_lowercase()) >= 20, "{text}");
        assert!(count(&text, |c| "$_".contains(c)) >= 2, "{text}");
        assert!(count(&text, |c| c == '@') >= 5, "{text}");
        let text =
            made(json!({"length": 6, "character_classes": [], "character_sequences": [{"sequence": "é"}]}))
                .await;
        assert_eq!(text, "éééééé");
    }

    #[tokio::test]
    async fn minima_beyond_the_length_are_refused() {
        let properties = json!({"length": 3, "character_classes": [{"class": "digits", "min": 2}, {"class": "letters", "min": 2}]});
        let failure = Bench::new(RandomString, properties).validate().unwrap_err();
        assert_eq!(invalid_property(&failure), Some("length"), "{failure}");
    }

    #[tokio::test]
    async fn no_characters_at_all_fail() {
        for properties in [
            json!({"character_classes": []}),
            json!({"character_classes": [], "character_sequences": [{"sequence": ""}]}),
        ] {
            let failure = Bench::new(RandomString, properties).create().await.unwrap_err();
            assert!(failure.to_string().contains("no characters"), "{failure}");
        }
    }

    proptest! {
        #[test]
        fn any_properties_that_are_valid_give_what_they_ask_for(
            length in 1_i64..60,
            digits in 1_i64..20,
            sequence in "[ab$]{1,4}",
            min in 1_i64..20,
            seed in any::<[u8; 32]>(),
        ) {
            let properties = RandomStringProperties {
                length,
                sequence: None,
                character_classes: vec![CharacterClass { class: "digits".into(), min: digits }],
                character_sequences: Some(vec![CharacterSequence { sequence: sequence.clone(), min }]),
                salt: None,
            };
            prop_assume!(RandomString.validate(&properties).is_ok());
            let text = properties.generate(&mut StdRng::from_seed(seed)).unwrap();
            prop_assert_eq!(text.chars().count() as i64, length);
            prop_assert!(count(&text, |c| c.is_ascii_digit()) as i64 >= digits);
            prop_assert!(count(&text, |c| sequence.contains(c)) as i64 >= min);
            prop_assert!(text.chars().all(|c| c.is_ascii_digit() || sequence.contains(c)));
        }
    }
}
