//! Cron expressions, as Python's `croniter` reads them.

/// Why a text is not a cron expression.
pub(super) fn check(text: &str) -> Result<(), String> {
    let wrong = |what: String| format!("invalid CRON expression: {what}");
    let text = match text.trim().to_lowercase().as_str() {
        "@midnight" | "@hourly" | "@daily" | "@weekly" | "@monthly" | "@yearly" | "@annually" => {
            return Ok(());
        }
        other => other.to_owned(),
    };
    let fields: Vec<&str> = text.split_whitespace().collect();
    if !matches!(fields.len(), 5..=7) {
        return Err(wrong(format!("it has {} fields, 5, 6 or 7 are possible", fields.len())));
    }
    for (field, kind) in fields.iter().zip(KINDS) {
        for part in field.split(',') {
            part_is_fine(part, kind).map_err(|reason| wrong(format!("{} '{field}': {reason}", kind.name)))?;
        }
    }
    Ok(())
}

struct Kind {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
    /// `l` stands for the last one; a weekday may have `#` and a number.
    last: bool,
}

const KINDS: [&Kind; 7] = [
    &Kind { name: "minute", least: 0, most: 59, words: &[], last: false },
    &Kind { name: "hour", least: 0, most: 23, words: &[], last: false },
    &Kind { name: "day", least: 1, most: 31, words: &[], last: true },
    &Kind {
        name: "month",
        least: 1,
        most: 12,
        words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        last: false,
    },
    &Kind {
        name: "weekday",
        least: 0,
        most: 7,
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        last: true,
    },
    &Kind { name: "second", least: 0, most: 59, words: &[], last: false },
    &Kind { name: "year", least: 1970, most: 2099, words: &[], last: false },
];

fn part_is_fine(part: &str, kind: &Kind) -> Result<(), String> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    if let Some(step) = step
        && !matches!(step.parse::<u32>(), Ok(1..))
    {
        return Err(format!("'{step}' is not a step"));
    }
    if range == "*" || (range == "?" && matches!(kind.name, "day" | "weekday")) {
        return Ok(());
    }
    if kind.last && range == "l" {
        return Ok(());
    }
    if kind.name == "weekday" {
        if let Some((day, which)) = range.split_once('#') {
            value(day, kind)?;
            return if matches!(which.parse::<u32>(), Ok(1..=5)) {
                Ok(())
            } else {
                Err(format!("'{which}' is not a week of the month"))
            };
        }
        if let Some(day) = range.strip_prefix('l') {
            return value(day, kind).map(drop);
        }
    }
    match range.split_once('-') {
        None => value(range, kind).map(drop),
        Some((from, to)) => {
            value(from, kind)?;
            value(to, kind)?;
            Ok(())
        }
    }
}

fn value(text: &str, kind: &Kind) -> Result<u32, String> {
    if let Some(at) = kind.words.iter().position(|word| *word == text) {
        return Ok(at as u32 + kind.least);
    }
    match text.parse::<u32>() {
        Ok(value) if (kind.least..=kind.most).contains(&value) => Ok(value),
        _ => Err(format!("'{text}' is not between {} and {}", kind.least, kind.most)),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn expressions_are_read_as_croniter_does() {
        for good in
            ["*/5 3 * * 1-5", "0 0 1,15 jan mon", "* * * * * */10", "@daily", "0 0 l * ?", "0 0 * * fri#2"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "* * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "a b c d e", "* * * 13 *"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
