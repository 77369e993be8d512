//! The texts that are kept: in the repository a line each, as JSON, for libFuzzer a file each.

use std::fs;
use std::path::Path;

use crate::step::StepError;

/// Longer texts are not kept: shorter ones take nearly the same ways.
const LONGEST: usize = 2_000;

/// Bytes of all texts of a target that are kept, the shortest first.
const MOST: usize = 250_000;

fn file(path: &Path) -> impl FnOnce(std::io::Error) -> StepError {
    let path = path.to_path_buf();
    move |source| StepError::File { path, source }
}

/// Writes a text into a folder, as a file that is called by what is in it.
pub(super) fn put(folder: &Path, text: &str) -> Result<(), StepError> {
    let path = folder.join(format!("{:016x}", hash(text)));
    fs::write(&path, text).map_err(file(&path))
}

/// FNV-1a: the same on every machine.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Makes a file of each line.
pub(super) fn unpack(kept: &Path, folder: &Path) -> Result<(), StepError> {
    let lines = fs::read_to_string(kept).map_err(file(kept))?;
    for (at, line) in lines.lines().enumerate() {
        let text: String = serde_json::from_str(line)
            .map_err(|error| StepError::Found(format!("{}:{}: {error}", kept.display(), at + 1)))?;
        put(folder, &text)?;
    }
    Ok(())
}

/// Makes a line of each file, the shortest first, as far as there is room; tells how many and how many bytes.
pub(super) fn pack(folder: &Path, kept: &Path) -> Result<(usize, usize), StepError> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).map_err(file(folder))? {
        let path = entry.map_err(file(folder))?.path();
        let bytes = fs::read(&path).map_err(file(&path))?;
        texts.extend(String::from_utf8(bytes).ok());
    }
    let packed = chosen(texts);
    fs::write(kept, &packed).map_err(file(kept))?;
    Ok((packed.lines().count(), packed.len()))
}

fn chosen(mut texts: Vec<String>) -> String {
    texts.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    texts.dedup();
    let mut packed = String::new();
    for text in texts.iter().filter(|text| text.len() <= LONGEST) {
        let line = serde_json::Value::from(text.as_str()).to_string() + "\n";
        if packed.len() + line.len() > MOST {
            break;
        }
        packed.push_str(&line);
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_texts_are_kept_once_each() {
        let texts = ["bb", "a\n", "bb", "c"].map(str::to_owned).to_vec();
        assert_eq!(chosen(texts), "\"c\"\n\"a\\n\"\n\"bb\"\n");
        assert_eq!(chosen(vec!["x".repeat(LONGEST + 1)]), "");
        let many = (0..1_000).map(|at| format!("{at:01000}")).collect();
        let packed = chosen(many);
        assert!(packed.len() <= MOST && packed.len() > MOST - 2_000);
    }
}
