//! `window.extentscope`, as the README describes it.

use extentscope_core::session::{Session, Sync};
use extentscope_tests::page::Page;
use extentscope_tests::webdriver::Size;
use serde_json::{Value, json};

use crate::steps::{COUNTER, OUTPUT, empty_run, map_of, ready};

const SCRIPT: &str = "#@ personality bcachefs\n#@ blocks 128\nopen -f b\npwrite 0 32k\nfsync\npwrite 4k 4k\n";

fn call(page: &Page, code: &str) -> Value {
    page.execute_async(code, &[])
}

#[test]
fn every_verb_does_what_it_says() {
    let page = Page::open(Size::LAPTOP);
    ready(&page);
    assert_eq!(call(&page, "return typeof extentscope.version;"), "string");
    let verbs = "return ['load', 'run', 'step', 'seek', 'length', 'state', 'fiemap', 'reset']
        .filter(verb => !(extentscope[verb]() instanceof Promise)).length;";
    let silent = "for (const verb of ['load', 'run', 'seek']) extentscope[verb]().catch(() => {});";
    assert_eq!(
        page.execute(&format!("{silent} {}", verbs.replace("'load', 'run', ", "").replace("'seek', ", "")), &[]),
        0
    );

    page.execute_async("await extentscope.load(arguments[0]);", &[json!(SCRIPT)]);
    let session = Session::load(SCRIPT, None).expect("the script can be played");
    let length = session.len();
    assert_eq!(call(&page, "return await extentscope.length();"), length);
    page.wait_for_text(COUNTER, &format!("step {length}/{length}"));
    let state = call(&page, "return await extentscope.state();");
    let map: Value = serde_json::from_str(&map_of("bcachefs", SCRIPT)).expect("the map is JSON");
    assert_eq!(state, map);
    assert_eq!(call(&page, "return Object.getPrototypeOf(await extentscope.state()) === Object.prototype;"), true);

    assert_eq!(call(&page, "return await extentscope.seek(0);"), 0);
    assert_eq!(call(&page, "return await extentscope.step(3);"), 3);
    assert_eq!(call(&page, "return await extentscope.step(-2);"), 1);
    assert_eq!(call(&page, "return await extentscope.step();"), 2);
    page.wait_for_text(COUNTER, &format!("step 2/{length}"));
    page.execute_async("await extentscope.seek(arguments[0]);", &[json!(length)]);

    let mut session = session;
    let unsynced = session.fiemap(None, Sync::No).expect("there is a file").text_xfs_io_v;
    assert_eq!(call(&page, "return await extentscope.fiemap({ sync: false });"), unsynced);
    assert_eq!(call(&page, "return await extentscope.length();"), length, "looking without sync adds no step");
    let synced = session.fiemap(None, Sync::Yes).expect("there is a file").text_xfs_io_v;
    assert_eq!(call(&page, "return await extentscope.fiemap({ sync: true });"), synced);
    assert_eq!(call(&page, "return await extentscope.length();"), session.len());

    call(&page, "await extentscope.reset();");
    assert_eq!(call(&page, "return await extentscope.length();"), 0);
    assert_eq!(page.test_id("personality").value(), "bcachefs", "the settings stay");
}

#[test]
fn typed_lines_and_the_same_script_give_the_same_state() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    let lines = ["open -f a", "pwrite 0 64k", "falloc 128k 64k", "fiemap -v", "pwrite 3k 9k"];
    for line in lines {
        page.execute_async("return await extentscope.run(arguments[0]);", &[json!(line)]);
    }
    let typed = call(&page, "return await extentscope.state();");
    page.execute_async("await extentscope.load(arguments[0]);", &[json!(lines.join("\n"))]);
    assert_eq!(call(&page, "return await extentscope.state();"), typed);
}

#[test]
fn a_run_line_answers_with_its_output_and_shows_it() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    call(&page, "return await extentscope.run('open -f a');");
    let output = call(&page, "return await extentscope.run('pwrite 0 4k');");
    assert!(output.as_str().is_some_and(|text| text.starts_with("wrote 4096/4096")), "{output}");
    page.wait_for_text(OUTPUT, "wrote 4096/4096");
}

#[test]
fn refusals_are_errors_with_the_message_of_the_console() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    let refused = |code: &str| {
        let whole =
            format!("return await {code}.then(() => 'accepted', e => e instanceof Error ? e.message : 'no Error');");
        call(&page, &whole).as_str().unwrap_or_default().to_owned()
    };
    let message = refused("extentscope.run('pwrit 0 4k')");
    assert!(message.contains("pwrite"), "{message}");
    page.wait_for_text(OUTPUT, message.lines().next().unwrap_or_default());
    assert!(refused("extentscope.load('#@ personality minix\\n')").contains("minix"));
    assert!(refused("extentscope.seek(7)").contains("no step 7"));
    assert!(refused("extentscope.seek(-1)").contains("no step -1"));
    assert!(refused("extentscope.seek('x')").contains("number"));
    assert!(refused("extentscope.load(7)").contains("text"));
    assert!(refused("extentscope.fiemap()").contains("no file"));
    assert_eq!(call(&page, "return await extentscope.length();"), 0);
}

#[test]
fn many_calls_at_once_are_answered_in_order() {
    let page = Page::open(Size::LAPTOP);
    empty_run(&page);
    let steps = call(
        &page,
        "const all = [extentscope.run('open -f a'), extentscope.run('pwrite 0 8k'), extentscope.seek(1),
                      extentscope.step(1), extentscope.seek(0), extentscope.length()];
         return (await Promise.all(all)).slice(2);",
    );
    let list = steps.as_array().expect("a list");
    assert_eq!(list[..3], [json!(1), json!(2), json!(0)]);
    assert!(list[3].as_u64().is_some_and(|length| length > 2));
}

#[test]
fn the_page_that_embeds_it_has_the_same_verbs_and_nobody_else_has() {
    let page = Page::open(Size::LAPTOP);
    ready(&page);
    page.execute_async(
        "document.body.innerHTML = '<iframe title=\"embedded\" width=\"800\" height=\"600\"></iframe>';
         const frame = document.querySelector('iframe');
         window.heard = [];
         addEventListener('message', event => event.data.extentscope === 1 && window.heard.push(event.data));
         frame.src = './index.html';
         while (!window.heard.some(message => message.event === 'ready')) await new Promise(r => setTimeout(r, 20));",
        &[],
    );
    let ask = "const [id, verb, argument] = arguments;
        document.querySelector('iframe').contentWindow.postMessage({ extentscope: 1, id, verb, argument }, '*');
        while (true) {
            const answer = window.heard.find(message => message.id === id);
            if (answer) return answer;
            await new Promise(r => setTimeout(r, 20));
        }";
    let asked = |id: u32, verb: &str, argument: Value| page.execute_async(ask, &[json!(id), json!(verb), argument]);
    assert!(asked(1, "ping", Value::Null)["value"].is_string());
    assert_eq!(asked(2, "load", json!("open -f a\npwrite 0 4k\n")).get("error"), None);
    assert!(asked(3, "length", Value::Null)["value"].as_u64().is_some_and(|length| length > 2));
    assert_eq!(asked(4, "seek", json!(1))["value"], 1);
    let refused = asked(5, "run", json!("pwrit"));
    assert!(refused["error"].as_str().is_some_and(|text| text.contains("pwrite")), "{refused}");
    let stepped = "return window.heard.some(message => message.event === 'stepped' && message.step === 1);";
    page.wait_for("the step to be told", || page.execute(stepped, &[]).as_bool()?.then_some(()));
    // A sender that is not the parent: another frame of the same host.
    let foreign = page.execute_async(
        "const other = document.createElement('iframe');
         other.title = 'other';
         other.srcdoc = '<p>other</p>';
         await new Promise(loaded => { other.onload = loaded; document.body.append(other); });
         const target = document.querySelector('iframe').contentWindow;
         const before = window.heard.length;
         target.dispatchEvent(new MessageEvent('message', {
             data: { extentscope: 1, id: 'other', verb: 'length' }, origin: location.origin, source: other.contentWindow,
         }));
         await new Promise(r => setTimeout(r, 200));
         return window.heard.slice(before).some(message => message.id === 'other');",
        &[],
    );
    assert_eq!(foreign, false);
}
