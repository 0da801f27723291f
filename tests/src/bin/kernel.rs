//! temp
use extentscope_tests::kernel::Recorder;
use extentscope_tests::compare::compare;
use extentscope_tests::goldens::goldens;
use extentscope_tests::traces;
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let mut recorder = Recorder::new(&folder).unwrap();
    let fs = &words[0];
    let goldens = goldens(fs);
    let start = std::time::Instant::now();
    let (mut equal, mut all) = (0, 0);
    for (trace, script) in traces() {
        let Some(golden) = goldens.get(&trace) else { continue };
        if words.len() > 1 && !words[1..].iter().any(|w| trace.contains(w.as_str())) { continue; }
        all += 1;
        let t = std::time::Instant::now();
        match recorder.record(fs, &script, &trace) {
            Err(e) => println!("{trace}: {e}"),
            Ok(r) => {
                let d = compare(golden, &r.document);
                if d.is_empty() { equal += 1 } else { println!("{trace}: step {} `{}` {}", d[0].n, d[0].cmd, d[0].what); }
            }
        }
        if t.elapsed().as_millis() > 500 { println!("  {trace} {:?}", t.elapsed()); }
    }
    println!("{fs} {equal}/{all} in {:?}", start.elapsed());
}
