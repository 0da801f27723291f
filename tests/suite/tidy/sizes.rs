//! Files and functions stay short enough to be read at once.

use proc_macro2::Span;
use syn::visit::{self, Visit};

use super::{assert_none, source};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn files_have_at_most_600_lines() {
    let long = source::all().into_iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > FILE_LINES_MAX).then(|| format!("{} has {lines} lines", file.path))
    });
    assert_none("a file has at most 600 lines", &long.collect::<Vec<_>>());
}

#[test]
fn functions_have_at_most_70_lines() {
    let mut long = Vec::new();
    for file in source::all() {
        let tree = syn::parse_file(&file.text).unwrap_or_else(|error| panic!("{}: {error}", file.path));
        let mut finder = Finder { path: &file.path, long: &mut long };
        finder.visit_file(&tree);
    }
    assert_none("a function has at most 70 lines", &long);
}

#[test]
fn the_finder_counts_from_the_signature_to_the_last_brace() {
    let text = format!("fn short() {{\n}}\nimpl X {{\n    fn long() {{\n{}    }}\n}}\n", "        a();\n".repeat(69));
    let mut long = Vec::new();
    Finder { path: "x.rs", long: &mut long }.visit_file(&syn::parse_file(&text).unwrap());
    assert_eq!(long, ["x.rs:4: fn long has 71 lines"]);
}

struct Finder<'file> {
    path: &'file str,
    long: &'file mut Vec<String>,
}

impl Finder<'_> {
    fn measure(&mut self, signature: &syn::Signature, end: Span) {
        let first = signature.fn_token.span.start().line;
        let lines = end.end().line - first + 1;
        if lines > FUNCTION_LINES_MAX {
            self.long.push(format!("{}:{first}: fn {} has {lines} lines", self.path, signature.ident));
        }
    }
}

impl<'tree> Visit<'tree> for Finder<'_> {
    fn visit_item_fn(&mut self, function: &'tree syn::ItemFn) {
        self.measure(&function.sig, function.block.brace_token.span.close());
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'tree syn::ImplItemFn) {
        self.measure(&function.sig, function.block.brace_token.span.close());
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'tree syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block.brace_token.span.close());
        }
        visit::visit_trait_item_fn(self, function);
    }
}
