//! Puts the scenarios of `static/scenarios` into the page, so that the first one is there before anything is fetched.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../static/scenarios");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut ids: Vec<String> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.strip_suffix(".xio").map(str::to_owned))
        .collect();
    ids.sort();
    let mut code = String::from("&[\n");
    for id in ids {
        let file = folder.join(format!("{id}.xio"));
        println!("cargo::rerun-if-changed={}", file.display());
        writeln!(code, "    Scenario {{ id: {id:?}, text: include_str!({file:?}) }},")
            .expect("a string takes all text");
    }
    code.push(']');
    let out = env::var_os("OUT_DIR").expect("cargo gives a build script its folder");
    fs::write(Path::new(&out).join("scenarios.rs"), code).expect("cargo's folder takes files");
}
