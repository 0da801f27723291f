//! Reading scripts, and what is wrong with them.

use super::{Failure, Source};
use crate::base::limits::SCRIPT_BYTES_MAX;
use crate::personality;
use crate::scenario::parse::{ParseError, parse_bytes};
use crate::scenario::script::Script;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A script that parses, and what it is to be called.
pub struct Input {
    /// The script, with the directives that the arguments replace.
    pub script: Script,
    /// The file's name without its end.
    pub name: String,
    /// The filesystem.
    pub personality: String,
}

/// Reads the script of a command.
pub fn read(source: &Source) -> Result<Input, Failure> {
    let path = Path::new(&source.script);
    let stdin = source.script == "-";
    let shown = if stdin { "standard input" } else { source.script.as_str() };
    let bytes = bytes_of(path, stdin).map_err(|error| Failure::Input(format!("extentscope: {shown}: {error}")))?;
    let mut script = parse_bytes(&bytes).map_err(|errors| Failure::Input(message(shown, &errors)))?;
    if let Some(size) = source.device_size {
        let directives = &mut script.directives;
        (directives.size, directives.device_blocks) = (Some(size), None);
        directives.size_of.clear();
    }
    let own = script.directives.personality.clone();
    let personality = source.personality.clone().or(own).unwrap_or_else(|| personality::DEFAULT.to_owned());
    let stem = path.file_stem().filter(|_| !stdin).map(|stem| stem.to_string_lossy().into_owned());
    Ok(Input { script, name: stem.unwrap_or_else(|| "stdin".to_owned()), personality })
}

/// No more is read than the parser would take, so that a device file does not fill the memory.
fn bytes_of(path: &Path, stdin: bool) -> io::Result<Vec<u8>> {
    let most = u64::try_from(SCRIPT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if stdin {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn message(shown: &str, errors: &[ParseError]) -> String {
    let texts: Vec<String> = errors.iter().map(|error| format!("{shown}: {error}")).collect();
    texts.join("\n")
}

/// A size: digits, and k, m, g or t for powers of 1024.
pub fn size(text: &str) -> Result<u64, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(format!("`{unit}` is not a unit: k, m, g or t")),
    };
    let number: u64 = digits.parse().map_err(|_| "not a size: a number, and k, m, g or t".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("64m"), Ok(64 << 20));
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("1T"), Ok(1 << 40));
        assert!(size("m").is_err());
        assert!(size("4x").is_err());
        assert!(size("99999999999t").is_err());
    }
}
