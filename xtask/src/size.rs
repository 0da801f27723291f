//! What a visitor has to download, and the limit on it.

use std::fs;
use std::path::{Path, PathBuf};

use brotli::enc::BrotliEncoderParams;

use crate::{Outcome, bundle};

/// Everything in `dist/` together, compressed as a good host does it.
const BUDGET_BYTES: usize = 700_000;

/// One file, or the sum of all.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    raw: usize,
    brotli: usize,
}

/// Prints the size of each file in `dist` and the sum; an error when the sum is over the budget.
pub fn report(dist: &Path) -> Outcome {
    let mut total = Size::default();
    println!("{:>12} {:>12}  file", "bytes", "brotli");
    for file in bundle::files_below(dist)? {
        let size = measure(&dist.join(&file))?;
        print_row(size, &file.display().to_string());
        total.raw += size.raw;
        total.brotli += size.brotli;
    }
    print_row(total, "total");
    println!("budget {BUDGET_BYTES} bytes of brotli, {}% used", total.brotli * 100 / BUDGET_BYTES);
    if total.brotli > BUDGET_BYTES {
        return Err(format!(
            "dist/ has {} bytes of brotli, {} over the budget",
            total.brotli,
            total.brotli - BUDGET_BYTES
        ));
    }
    Ok(())
}

fn print_row(size: Size, name: &str) {
    println!("{:>12} {:>12}  {name}", size.raw, size.brotli);
}

fn measure(path: &PathBuf) -> Outcome<Size> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let parameters = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut bytes.as_slice(), &mut compressed, &parameters)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Size { raw: bytes.len(), brotli: compressed.len() })
}
