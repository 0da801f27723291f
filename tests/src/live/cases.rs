//! What is compared: the public traces, and random scripts in several geometries.

use extentscope_core::scenario::parse::parse;
use extentscope_core::scenario::setup::Setup;
use serde::{Deserialize, Serialize};

use super::generate::generate;
use super::recipes::recipes;
use crate::goldens::goldens;
use crate::traces;

/// The filesystems that a kernel of today has.
pub const FILESYSTEMS: [&str; 3] = ["ext4", "xfs", "btrfs"];

/// One script on one filesystem.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Case {
    /// The filesystem.
    pub fs: String,
    /// The trace's name, or the recipe, seed and geometry of a random script.
    pub name: String,
    /// The script.
    pub script: String,
}

/// How a filesystem is made for random scripts.
#[derive(Debug)]
pub struct Geometry {
    /// The filesystem.
    pub fs: &'static str,
    /// A word for it.
    pub name: &'static str,
    /// Directives.
    pub directives: &'static [&'static str],
    /// Bytes in a block.
    pub block: u64,
}

/// Geometries of random scripts. A geometry that the engine does not model is left out.
pub const GEOMETRIES: &[Geometry] = &[
    Geometry { fs: "ext4", name: "plain", directives: &[], block: 4096 },
    Geometry { fs: "ext4", name: "1k", directives: &["mkfs.ext4 -b 1024"], block: 1024 },
    Geometry { fs: "ext4", name: "nodelalloc", directives: &["mount.ext4 nodelalloc"], block: 4096 },
    Geometry { fs: "ext4", name: "inline", directives: &["mkfs.ext4 -O inline_data"], block: 4096 },
    Geometry { fs: "xfs", name: "plain", directives: &[], block: 4096 },
    Geometry { fs: "xfs", name: "1k", directives: &["mkfs.xfs -b size=1024"], block: 1024 },
    Geometry { fs: "btrfs", name: "plain", directives: &[], block: 4096 },
    Geometry { fs: "btrfs", name: "nodatacow", directives: &["mount.btrfs nodatacow"], block: 4096 },
    Geometry { fs: "btrfs", name: "compress", directives: &["mount.btrfs compress=zlib"], block: 4096 },
];

impl Geometry {
    /// Whether the engine has it; the error says what it does not model.
    pub fn is_modelled(&self) -> Result<(), String> {
        let text: Vec<String> = self.directives.iter().map(|directive| format!("#@ {directive}")).collect();
        let script = parse(&text.join("\n")).map_err(|errors| errors[0].to_string())?;
        Setup::new(self.fs, &script.directives).map(drop).map_err(|error| error.to_string())
    }

    /// The random script of a seed, with its directives.
    pub fn case(&self, seed: u64, ops: u64) -> Case {
        let recipes = recipes(self.fs);
        let chosen = usize::try_from(seed % recipes.len() as u64).expect("below a length");
        let recipe = recipes[chosen];
        let name = format!("{}-{}-{}-{seed}", self.fs, self.name, recipe.name);
        let mut lines = vec![format!("# {name}: {ops} operations"), format!("#@ personality {}", self.fs)];
        lines.extend(self.directives.iter().map(|directive| format!("#@ {directive}")));
        lines.extend(generate(recipe, seed, ops, self.block));
        Case { fs: self.fs.to_owned(), name, script: lines.join("\n") + "\n" }
    }
}

/// Every public trace that was recorded on this filesystem.
pub fn public(fs: &str) -> Vec<Case> {
    let recorded = goldens(fs);
    let traces = traces().into_iter().filter(|(name, _)| recorded.contains_key(name));
    traces.map(|(name, script)| Case { fs: fs.to_owned(), name, script }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_geometry_is_of_a_filesystem_that_is_compared() {
        assert!(GEOMETRIES.iter().all(|geometry| FILESYSTEMS.contains(&geometry.fs)));
        for fs in FILESYSTEMS {
            assert!(GEOMETRIES.iter().any(|geometry| geometry.fs == fs), "{fs}");
        }
    }

    #[test]
    fn a_case_is_named_by_what_makes_it_again() {
        let case = GEOMETRIES[1].case(17, 5);
        assert_eq!(case, GEOMETRIES[1].case(17, 5));
        assert!(case.name.starts_with("ext4-1k-") && case.name.ends_with("-17"), "{}", case.name);
        assert!(case.script.contains("#@ mkfs.ext4 -b 1024\n"), "{}", case.script);
    }
}
