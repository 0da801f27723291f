//! The `#@` lines of a script, as text: what the pickers read and write. What they mean is the engine's business.

/// The value of the last line `#@ key value`.
pub fn get<'script>(script: &'script str, key: &str) -> Option<&'script str> {
    script.lines().filter_map(|line| directive(line, key)).next_back()
}

/// All values of the lines `#@ key value`, in order.
pub fn all<'script>(script: &'script str, key: &str) -> Vec<&'script str> {
    script.lines().filter_map(|line| directive(line, key)).collect()
}

/// The script with exactly one line `#@ key value`, or with none. It goes where the first one was, else to the front.
pub fn set(script: &str, key: &str, value: Option<&str>) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut place = None;
    for line in script.lines() {
        if directive(line, key).is_some() {
            place.get_or_insert(lines.len());
        } else {
            lines.push(line.to_owned());
        }
    }
    if let Some(value) = value {
        let after_others = lines.iter().take_while(|line| line.trim_start().starts_with("#@")).count();
        lines.insert(place.unwrap_or(after_others), format!("#@ {key} {value}"));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// Only the `#@` lines, without the ones that describe the scenario: the same settings for an empty run.
pub fn settings(script: &str) -> String {
    let described = ["title", "description"];
    let keep =
        |line: &&str| line.trim_start().starts_with("#@") && described.iter().all(|key| directive(line, key).is_none());
    script.lines().filter(keep).fold(String::new(), |text, line| text + line + "\n")
}

fn directive<'line>(line: &'line str, key: &str) -> Option<&'line str> {
    let rest = line.trim_start().strip_prefix("#@")?.trim_start();
    let value = rest.strip_prefix(key)?;
    (value.is_empty() || value.starts_with(char::is_whitespace)).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#@ title Two files\n#@ seed 7\nopen -f a\n#@ seed 8\npwrite 0 4k\n";

    #[test]
    fn the_last_line_of_a_key_counts() {
        assert_eq!(get(SCRIPT, "seed"), Some("8"));
        assert_eq!(get(SCRIPT, "see"), None);
        assert_eq!(all(SCRIPT, "seed"), ["7", "8"]);
    }

    #[test]
    fn setting_replaces_all_and_keeps_the_place() {
        let script = set(SCRIPT, "seed", Some("9"));
        assert_eq!(script, "#@ title Two files\n#@ seed 9\nopen -f a\npwrite 0 4k\n");
        assert_eq!(set(&script, "seed", None), "#@ title Two files\nopen -f a\npwrite 0 4k\n");
        assert_eq!(set("open -f a\n", "blocks", Some("64")), "#@ blocks 64\nopen -f a\n");
    }

    #[test]
    fn an_empty_run_keeps_the_settings_only() {
        assert_eq!(settings(SCRIPT), "#@ seed 7\n#@ seed 8\n");
    }
}
