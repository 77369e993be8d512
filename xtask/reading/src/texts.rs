//! Templates of any size, for measuring.

use std::fmt::Write as _;

/// What templates have: parameters, conditions, many functions, references to resources before, outputs.
pub fn mixed(resources: usize) -> String {
    let mut text = String::from(
        "heat_template_version: 2021-04-16\n\
         description: Many resources of several types\n\
         parameters:\n\
         \x20 zone:\n    type: string\n    default: zone-a\n    constraints:\n      - length: {min: 1, max: 40}\n\
         \x20 size:\n    type: number\n    default: 24\n    constraints:\n      - range: {min: 8, max: 512}\n\
         conditions:\n\
         \x20 wide: {equals: [{get_param: zone}, zone-b]}\n\
         resources:\n",
    );
    for number in 0..resources {
        // Writing to a text never fails.
        let _ = match number % 4 {
            0 => writeln!(
                text,
                "  password_{number}:\n    type: OS::Heat::RandomString\n    properties:\n      length: {{get_param: size}}\n      \
                 character_classes:\n        - {{class: lettersdigits, min: 4}}\n        - {{class: digits, min: 1}}\n      \
                 salt: pinch-{number}"
            ),
            1 => writeln!(
                text,
                "  config_{number}:\n    type: OS::Heat::Value\n    properties:\n      type: string\n      value:\n        \
                 str_replace:\n          template: |\n            [service]\n            password = $password\n            \
                 zone = $zone\n          params:\n            $password: {{get_attr: [password_{}, value]}}\n            \
                 $zone: {{get_param: zone}}",
                number - 1
            ),
            2 => writeln!(
                text,
                "  place_{number}:\n    type: OS::Heat::Value\n    depends_on: [config_{}]\n    properties:\n      type: json\n      \
                 value:\n        name: {{list_join: ['-', [{{get_param: zone}}, '{number}']]}}\n        \
                 size: {{if: [wide, 64, {{get_param: size}}]}}\n        enabled: true\n        ports: [80, 443, 8080]",
                number - 1
            ),
            _ => writeln!(
                text,
                "  probe_{number}:\n    type: OS::Heat::TestResource\n    properties:\n      value: {{get_resource: place_{}}}\n      \
                 wait_secs: 0\n      fail: false\n    metadata:\n      owner: team-{number}\n      purpose: \"to be probed\"",
                number - 1
            ),
        };
    }
    text.push_str("outputs:\n");
    for number in (0..resources).step_by(100) {
        let _ = writeln!(
            text,
            "  password_{number}:\n    description: One of the passwords\n    value: {{get_attr: [password_{number}, value]}}"
        );
    }
    text
}

/// How resources hang together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Each stands alone.
    Flat,
    /// Each needs the one before.
    Chain,
    /// One, two that need it, one that needs both, two that need that one …
    Diamonds,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 3] = [Self::Flat, Self::Chain, Self::Diamonds];

    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Chain => "in a chain",
            Self::Diamonds => "in stacked diamonds",
        }
    }

    /// The resources that resource `number` needs.
    fn needs(self, number: usize) -> Vec<usize> {
        match self {
            Self::Flat => Vec::new(),
            Self::Chain => number.checked_sub(1).into_iter().collect(),
            Self::Diamonds => match number % 3 {
                0 if number > 0 => vec![number - 2, number - 1],
                0 => Vec::new(),
                side => vec![number - side],
            },
        }
    }
}

/// Resources of one kind that hang together in a shape, by references alternating with `depends_on`.
pub fn shaped(shape: Shape, resources: usize) -> String {
    let mut text = String::from(
        "heat_template_version: 2021-04-16\nparameters:\n  zone: {type: string, default: zone-a}\nresources:\n",
    );
    for number in 0..resources {
        let needs = shape.needs(number);
        // Writing to a text never fails.
        let _ = write!(text, "  probe_{number}:\n    type: OS::Heat::TestResource\n");
        if let [.., last] = needs[..] {
            let _ = writeln!(text, "    depends_on: probe_{last}");
        }
        let _ = write!(
            text,
            "    properties:\n      action_wait_secs: {{create: 0, delete: {}}}\n      value:\n        \
             list_join: ['-', [{{get_param: zone}}",
            number % 7
        );
        for needed in &needs {
            let _ = write!(text, ", {{get_attr: [probe_{needed}, output]}}");
        }
        text.push_str("]]\n      wait_secs: 1\n      fail: false\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diamonds_stand_on_each_other() {
        let needs: Vec<_> = (0..7).map(|number| Shape::Diamonds.needs(number)).collect();
        assert_eq!(needs, [vec![], vec![0], vec![0], vec![1, 2], vec![3], vec![3], vec![4, 5]]);
    }
}
