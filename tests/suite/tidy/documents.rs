//! What is written down, and what travels to the browser, agree with the code.

use std::fs;
use std::process::Command;

use super::root;

#[test]
fn the_page_does_not_carry_the_command_line() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "-p", "extentscope-web", "--target", "wasm32-unknown-unknown", "-e", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo can be started");
    let text = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.status.success(), "cargo tree: {}", String::from_utf8_lossy(&tree.stderr));
    assert!(text.contains("yew v"), "cargo tree shows the page's dependencies");
    let clap = text.lines().find(|line| line.starts_with("clap"));
    assert_eq!(clap, None, "web/Cargo.toml: the wasm dependencies have no clap (core without its feature cli)");
}

#[test]
fn the_readme_names_both_commands() {
    // A fresh clone always has one; the rule starts with the file.
    let Ok(text) = fs::read_to_string(root().join("README.md")) else { return };
    for command in ["cargo xtask serve", "cargo xtask test"] {
        assert!(text.contains(command), "README.md names `{command}`");
    }
}

#[test]
fn the_ci_runs_the_same_command_as_people_do() {
    let text = fs::read_to_string(root().join(".ci/run")).expect(".ci/run can be read");
    assert_eq!(text.lines().last(), Some("cargo xtask test"), ".ci/run ends with the command and nothing else");
}
