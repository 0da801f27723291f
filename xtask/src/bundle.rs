//! From sources to `dist/`: compile both binaries to wasm, run bindgen, copy the rest, write the page.

use std::fs;
use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::toolchain::{self, WASM};
use crate::{Outcome, page, run};

/// How the two binaries are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Small and fast; what is published.
    Release,
    /// Compiles in seconds, keeps names in stack traces.
    Dev,
}

/// Builds `dist/` and gives its path. Prints what it is doing.
pub fn build(profile: Profile) -> Outcome<PathBuf> {
    toolchain::need_wasm()?;
    println!("[1/3] Compiling the page and the worker to wasm ...");
    compile(&["app", "worker"], profile)?;
    println!("[2/3] Writing the JavaScript that joins wasm to the browser ...");
    let staging = run::target_folder()?.join("dist-staging");
    empty_folder(&staging)?;
    for name in ["app", "worker"] {
        bindgen(name, profile, &staging)?;
    }
    println!("[3/3] Collecting the page in dist/ ...");
    assemble(&staging)?;
    publish(&staging, &run::dist())?;
    Ok(run::dist())
}

/// Compiles binaries of the page's package.
pub fn compile(binaries: &[&str], profile: Profile) -> Outcome {
    let mut cargo = run::cargo();
    cargo.args(["build", "-p", "extentscope-web", "--target", WASM]);
    for name in binaries {
        cargo.args(["--bin", name]);
    }
    if profile == Profile::Release {
        cargo.args(["--profile", "page"]);
    }
    run::status(&mut cargo)
}

/// Writes a binary's wasm and its JavaScript.
pub fn bindgen(name: &str, profile: Profile, out: &Path) -> Outcome {
    let folder = match profile {
        Profile::Release => "page",
        Profile::Dev => "debug",
    };
    let wasm = run::target_folder()?.join(WASM).join(folder).join(name).with_extension("wasm");
    let make = || {
        Bindgen::new()
            .input_path(&wasm)
            .out_name(name)
            .web(true)?
            .typescript(false)
            .omit_default_module_path(false)
            .remove_name_section(profile == Profile::Release)
            .remove_producers_section(true)
            .generate(out)
    };
    make().map_err(|error| format!("bindgen cannot work on {}: {error:#}", wasm.display()))
}

/// Everything that is not wasm: `static/boot/*` lies beside the page, the rest of `static/` below it.
fn assemble(out: &Path) -> Outcome {
    let source = run::root().join("static");
    copy_tree(&source, &out.join("static"))?;
    fs::remove_dir_all(out.join("static/boot")).map_err(|error| format!("static/boot: {error}"))?;
    copy_tree(&source.join("boot"), out)?;
    let index = run::root().join("index.html");
    let text = fs::read_to_string(&index).map_err(|error| format!("{}: {error}", index.display()))?;
    write(&out.join("index.html"), &page::finish(&text)?)
}

/// Replaces the content of `to`. The folder itself stays, a running server may have it open.
fn publish(from: &Path, to: &Path) -> Outcome {
    empty_folder(to)?;
    copy_tree(from, to)
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Makes a folder, or what is in it go.
pub fn empty_folder(folder: &Path) -> Outcome {
    let result = if folder.exists() { remove_content(folder) } else { fs::create_dir_all(folder) };
    result.map_err(|error| format!("{}: {error}", folder.display()))
}

fn remove_content(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
    }
    Ok(())
}

/// Copies all files below `from`. Folders wait in a list; nothing recurses.
pub fn copy_tree(from: &Path, to: &Path) -> Outcome {
    for file in files_below(from)? {
        let target = to.join(&file);
        let parent = target.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        fs::copy(from.join(&file), &target).map_err(|error| format!("{}: {error}", target.display()))?;
    }
    Ok(())
}

/// The files below `folder`, relative to it, sorted.
pub fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(current) = waiting.pop() {
        let entries = fs::read_dir(&current).map_err(|error| format!("{}: {error}", current.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| format!("{}: {error}", current.display()))?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if let Ok(relative) = path.strip_prefix(folder) {
                files.push(relative.to_path_buf());
            }
        }
    }
    files.sort();
    Ok(files)
}
