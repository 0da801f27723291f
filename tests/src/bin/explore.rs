//! Explores schedules: the program behind `cargo xtask explore`, which explains its arguments.

use extentscope_tests::explore::{Case, Rule, blocking_case, cases, explore};
use std::process::ExitCode;

/// What was asked for.
struct Wish {
    seeds: u64,
    from: u64,
    cases: Vec<Case>,
    rules: Vec<Rule>,
}

fn wish(mut words: impl Iterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish { seeds: 10_000, from: 0, cases: cases(), rules: Rule::ALL.to_vec() };
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word}: {value} is not a number"));
        match word.as_str() {
            "--seeds" => wish.seeds = number()?,
            "--from" => wish.from = number()?,
            "--script" => {
                let text = std::fs::read_to_string(&value).map_err(|error| format!("{value}: {error}"))?;
                wish.cases = vec![Case::read(&value, &text)?];
            }
            "--case" => wish.cases = vec![case_named(&value)?],
            "--rule" => wish.rules.retain(|rule| rule.to_string() == value),
            _ => return Err(format!("there is no option {word}")),
        }
    }
    if wish.rules.is_empty() {
        return Err("--rule is random or pct".to_owned());
    }
    Ok(wish)
}

fn case_named(name: &str) -> Result<Case, String> {
    let all: Vec<Case> = cases().into_iter().chain([blocking_case()]).collect();
    let names: Vec<String> = all.iter().map(|case| case.name.clone()).collect();
    let found = all.into_iter().find(|case| case.name == name);
    found.ok_or_else(|| format!("there is no case {name}; there are: {}", names.join(", ")))
}

fn explored(wish: &Wish) -> u64 {
    // A panic of the engine is a finding; its place is told once, in the finding.
    std::panic::set_hook(Box::new(|_| {}));
    let mut found = 0;
    for case in &wish.cases {
        let (mut runs, mut steps, mut here) = (0u64, 0u64, 0u64);
        for seed in wish.from..wish.from.saturating_add(wish.seeds) {
            for rule in &wish.rules {
                runs += 1;
                match explore(case, seed, *rule, &|_| Ok(())) {
                    Ok(taken) => steps += taken,
                    Err(finding) => {
                        here += 1;
                        if here <= 10 {
                            println!("{finding}");
                        }
                    }
                }
            }
        }
        println!("{}: {runs} schedules, {steps} steps, {here} findings", case.name);
        found += here;
    }
    found
}

fn main() -> ExitCode {
    match wish(std::env::args().skip(1)) {
        Ok(wish) if explored(&wish) == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}
