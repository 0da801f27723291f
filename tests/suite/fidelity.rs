//! `docs/FIDELITY.md` says what is so: never more than the engine equals, and every trace that it does not.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use extentscope_tests::fidelity::{SIMPLIFICATIONS, explanation};
use extentscope_tests::goldens::{GoldenReport, MODELLED, golden_report, goldens, model};

use super::docs::{FIDELITY, between, cell, compare, read};

/// Every recorded trace of every personality.
fn reports() -> &'static [GoldenReport] {
    static REPORTS: OnceLock<Vec<GoldenReport>> = OnceLock::new();
    REPORTS.get_or_init(|| MODELLED.iter().map(|fs| golden_report(fs, None, |_| true, model)).collect())
}

fn blessing() -> bool {
    std::env::var_os("EXTENTSCOPE_BLESS").is_some_and(|value| value == "1")
}

/// The version that most recordings are of.
fn kernel(fs: &str) -> String {
    goldens(fs).into_values().next().map(|golden| golden.kernel).unwrap_or_default()
}

fn results() -> String {
    let row = |report: &GoldenReport| {
        let (equal, traces) = (report.equal_traces(), report.rows.len());
        let (equal_steps, steps, kernel) = (report.equal_steps(), report.steps(), kernel(&report.fs));
        format!("| {} | Linux {kernel} | {traces} | {equal} | {steps} | {equal_steps} |\n", report.fs)
    };
    let head = "| filesystem | recorded on | traces | equal | steps | equal |\n|---|---|---|---|---|---|\n".to_owned();
    [head].into_iter().chain(reports().iter().map(row)).collect()
}

/// The first words of a difference; where it goes on, that would fill the page.
fn shortly(reason: &str) -> String {
    let line = reason.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(110).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { cut }
}

fn differences() -> String {
    let rows = reports().iter().flat_map(|report| {
        report.unequal().map(|row| {
            let why = explanation(&report.fs, &row.trace).unwrap_or("open");
            let first = cell(&shortly(row.reason.as_deref().unwrap_or_default()));
            format!("| {} | {} | {}/{} | {first} | {why} |\n", report.fs, row.trace, row.equal, row.steps)
        })
    });
    let head = "| filesystem | trace | steps equal | first difference | why |\n|---|---|---|---|---|\n".to_owned();
    [head].into_iter().chain(rows).collect()
}

/// The cells of a table's rows.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().skip(2).map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

#[test]
fn the_document_claims_no_more_than_is_equal() {
    if blessing() {
        return compare(FIDELITY, "results", &results());
    }
    let text = read(FIDELITY);
    let claimed = between(&text, "results").expect("the document has its table");
    let now = results();
    for row in rows(claimed) {
        let [fs, kernel, numbers @ ..] = row.as_slice() else { panic!("{row:?}") };
        let found = rows(&now).find(|found| found[0] == *fs).unwrap_or_else(|| panic!("{fs} is not compared"));
        assert_eq!(*kernel, found[1], "{fs}");
        let number = |text: &str| text.parse::<usize>().expect("a number");
        for ((at, claim), found) in numbers.iter().enumerate().zip(&found[2..]) {
            let (claim, found) = (number(claim), number(found));
            // What there is, and how much of it is equal, in turn.
            let right = if at % 2 == 0 { claim == found } else { claim <= found };
            assert!(right, "{FIDELITY}: {fs}: claims {claim}, and it is {found}; EXTENTSCOPE_BLESS=1 writes it");
        }
    }
}

#[test]
fn every_trace_that_is_not_equal_is_in_the_document() {
    if blessing() {
        return compare(FIDELITY, "differences", &differences());
    }
    let text = read(FIDELITY);
    let listed = between(&text, "differences").expect("the document has its table");
    let listed: BTreeSet<(&str, &str)> = rows(listed).map(|row| (row[0], row[1])).collect();
    let mut lost = Vec::new();
    // Of a filesystem without a row nothing is claimed yet.
    let told = between(&text, "results").expect("the document has its table");
    let told: BTreeSet<&str> = rows(told).map(|row| row[0]).collect();
    for report in reports().iter().filter(|report| told.contains(report.fs.as_str())) {
        let unequal = report.unequal().map(|row| row.trace.as_str());
        lost.extend(unequal.filter(|trace| !listed.contains(&(report.fs.as_str(), *trace))));
    }
    assert!(lost.is_empty(), "{FIDELITY} does not say that these differ (EXTENTSCOPE_BLESS=1 writes it): {lost:?}");
}

#[test]
fn documents_list_the_simplifications() {
    let row = |at: &extentscope_tests::fidelity::Simplification| {
        format!("| {} | {} | {} |\n", at.id, cell(at.what), cell(at.shows))
    };
    let head = "| | simplification | shows in |\n|---|---|---|\n".to_owned();
    let table: String = [head].into_iter().chain(SIMPLIFICATIONS.iter().map(row)).collect();
    compare("ARCHITECTURE.md", "simplifications", &table);
    compare(FIDELITY, "simplifications", &table);
}
