//! `fincore --json` of util-linux 2.38: how much of a file is in the page cache.

use crate::base::units::PAGE_SIZE;

/// One file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resident<'a> {
    /// Its name.
    pub name: &'a str,
    /// Bytes.
    pub size: u64,
    /// Pages in the cache.
    pub pages: u64,
}

/// The tool's output; sizes as numbers with `bytes` (`--bytes`), else shortened.
pub fn listing(files: &[Resident<'_>], bytes: bool) -> String {
    let amount = |n: u64| if bytes { n.to_string() } else { format!("\"{}\"", shortened(n)) };
    let row = |file: &Resident<'_>| {
        let name = serde_json::to_string(file.name).expect("a string always has a form in JSON");
        format!(
            "{{\n         \"res\": {},\n         \"pages\": {},\n         \"size\": {},\n         \"file\": {name}\n      }}",
            amount(file.pages.saturating_mul(PAGE_SIZE)),
            file.pages,
            amount(file.size)
        )
    };
    let rows: Vec<String> = files.iter().map(row).collect();
    format!("{{\n   \"fincore\": [\n      {}\n   ]\n}}\n", rows.join(","))
}

/// A size with one letter and at most one decimal.
fn shortened(bytes: u64) -> String {
    let steps = bytes.checked_ilog2().unwrap_or(0) / 10;
    let letter = ["B", "K", "M", "G", "T", "P", "E"].get(steps as usize).copied().unwrap_or("E");
    let shift = steps * 10;
    let (whole, rest) = (bytes >> shift, u128::from(bytes & ((1 << shift) - 1)));
    // Thousandths are cut, then rounded to tenths.
    let tenths = (((rest * 1000) >> shift) + 50) / 100;
    match tenths {
        0 => format!("{whole}{letter}"),
        10 => format!("{}{letter}", whole + 1),
        tenths => format!("{whole}.{tenths}{letter}"),
    }
}
