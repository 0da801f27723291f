//! The shortest script that still fails: lines are left out by halves, then one by one; then numbers get smaller.

/// Shortens a script as long as `fails` says so. Directives and comments stay. `tries` bounds how often it is asked.
pub fn shrink(script: &str, tries: usize, mut fails: impl FnMut(&str) -> bool) -> String {
    let (head, body): (Vec<&str>, Vec<&str>) = script.lines().partition(|line| line.starts_with('#'));
    let text = |body: &[String]| {
        let lines = head.iter().map(|line| (*line).to_owned()).chain(body.iter().cloned());
        lines.collect::<Vec<_>>().join("\n") + "\n"
    };
    let mut left = tries;
    let mut still = |body: &[String]| {
        if left == 0 {
            return false;
        }
        left -= 1;
        fails(&text(body))
    };
    let mut body: Vec<String> = body.into_iter().map(str::to_owned).collect();
    body = fewer_lines(body, &mut still);
    for at in 0..body.len() {
        smaller_numbers(&mut body, at, &mut still);
    }
    // With smaller numbers a line may be needed no more.
    body = fewer_lines(body, &mut still);
    text(&body)
}

/// Leaves out runs of lines: first halves, then quarters, at last single ones, from the end.
fn fewer_lines(mut body: Vec<String>, still: &mut impl FnMut(&[String]) -> bool) -> Vec<String> {
    let mut run = body.len().div_ceil(2);
    while run > 0 {
        let mut end = body.len();
        while end > 0 {
            let start = end.saturating_sub(run);
            let mut fewer = body.clone();
            fewer.drain(start..end);
            if still(&fewer) {
                body = fewer;
            }
            end = start.min(body.len());
        }
        run = if run == 1 { 0 } else { run.div_ceil(2) };
    }
    body
}

/// Makes the numbers of one line smaller, each as long as that fails too.
fn smaller_numbers(body: &mut Vec<String>, at: usize, still: &mut impl FnMut(&[String]) -> bool) {
    let words = body[at].split(' ').count();
    for word in 1..words {
        let mut rounds = 0;
        while rounds < 6 {
            rounds += 1;
            let now: Vec<String> = body[at].split(' ').map(str::to_owned).collect();
            let previous = &now[word - 1];
            // The byte of `-S` and the chunk of `-b` say little.
            let is_option = previous.starts_with('-') && !previous[1..].starts_with(|c: char| c.is_ascii_digit());
            let Some(number) = number(&now[word]).filter(|_| !is_option) else { break };
            let smaller = candidates(number).into_iter().find_map(|candidate| {
                let mut words = now.clone();
                words[word] = spelled(candidate);
                let mut changed = body.clone();
                changed[at] = words.join(" ");
                still(&changed).then_some(changed)
            });
            match smaller {
                Some(changed) => *body = changed,
                None => break,
            }
        }
    }
}

fn number(word: &str) -> Option<u64> {
    let (digits, unit) = match word.strip_suffix('k') {
        Some(digits) => (digits, 1024),
        None => (word, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn spelled(number: u64) -> String {
    if number > 0 && number.is_multiple_of(1024) { format!("{}k", number / 1024) } else { number.to_string() }
}

/// Smaller or rounder numbers, the best first.
fn candidates(number: u64) -> Vec<u64> {
    const PAGE: u64 = 4096;
    let mut candidates = vec![0, PAGE, number / 2 / PAGE * PAGE, number.saturating_sub(PAGE)];
    if !number.is_multiple_of(PAGE) {
        candidates.push(number / PAGE * PAGE);
    }
    candidates
        .retain(|candidate| *candidate < number && (*candidate > 0 || number <= PAGE || number.is_multiple_of(PAGE)));
    candidates.dedup();
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_stays() {
        let script =
            "# a comment\n#@ size 4m\nopen -f a\npwrite 8k 64k\nfsync\npwrite -S 0x05 24k 40k\nfsync\npwrite 0 4k\n";
        // It fails where a write of more than one page with 5 follows an open.
        let fails = |text: &str| {
            let open = text.find("open -f a");
            let write = text.lines().find(|line| line.starts_with("pwrite -S 0x05"));
            let len = write.and_then(|line| number(line.split(' ').nth(4)?));
            open.is_some() && len.is_some_and(|len| len > 4096)
        };
        let short = shrink(script, 1000, fails);
        assert_eq!(short, "# a comment\n#@ size 4m\nopen -f a\npwrite -S 0x05 0 8k\n");
    }

    #[test]
    fn it_stops_asking() {
        let mut asked = 0;
        let script = (0..100).map(|at| format!("pwrite {at} 5\n")).collect::<String>();
        shrink(&script, 20, |_| {
            asked += 1;
            false
        });
        assert_eq!(asked, 20);
    }
}
