//! `index.html`, read the way Trunk reads it: each `<link data-trunk ...>` line becomes what a browser understands.

use crate::Outcome;

/// Works from any static host, since it travels inside the page. `wasm-unsafe-eval` is what compiling wasm is called.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
                      img-src 'self' data:; style-src 'self'; object-src 'none'; base-uri 'none'";

/// The finished page.
pub fn finish(source: &str) -> Outcome<String> {
    let mut page = String::with_capacity(source.len());
    for line in source.lines() {
        match replace(line.trim())? {
            Some(replacement) => replacement.lines().for_each(|line| push(&mut page, "  ", line)),
            None => push(&mut page, "", line),
        }
    }
    // A rule that no longer matches would show as an empty page, so look for the results.
    for needed in ["Content-Security-Policy", "rel=\"stylesheet\"", "./boot.js", "./app_bg.wasm"] {
        if !page.contains(needed) {
            return Err(format!("index.html lost the line that leads to {needed}"));
        }
    }
    Ok(page)
}

fn push(page: &mut String, indent: &str, line: &str) {
    page.push_str(indent);
    page.push_str(line);
    page.push('\n');
}

/// What stands for this line: `None` keeps it, an empty text removes it.
fn replace(line: &str) -> Outcome<Option<String>> {
    if line.starts_with("<!-- csp:") {
        return Ok(Some(format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">")));
    }
    if !line.starts_with("<link data-trunk") {
        return Ok(None);
    }
    let text = match (attribute(line, "rel"), attribute(line, "data-type")) {
        (Some("css"), _) => {
            let href = attribute(line, "href").ok_or("a css link in index.html has no href")?;
            format!("<link rel=\"stylesheet\" href=\"./{href}\">")
        }
        (Some("copy-dir"), _) | (Some("rust"), Some("worker")) => String::new(),
        (Some("rust"), Some("main")) => String::from(
            "<link rel=\"modulepreload\" href=\"./app.js\">\n\
             <link rel=\"preload\" href=\"./app_bg.wasm\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
             <script type=\"module\" src=\"./boot.js\"></script>",
        ),
        _ => return Err(format!("index.html has a Trunk link that xtask does not know: {line}")),
    };
    Ok(Some(text))
}

fn attribute<'line>(line: &'line str, name: &str) -> Option<&'line str> {
    let (_, rest) = line.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_repository_becomes_one_without_trunk() {
        let page = finish(include_str!("../../index.html")).unwrap();
        assert!(!page.contains("data-trunk"), "{page}");
        assert!(page.contains("href=\"./static/app.css\""), "{page}");
    }

    #[test]
    fn an_unknown_link_is_an_error_and_not_an_empty_page() {
        let error = finish("<link data-trunk rel=\"sass\" href=\"a.scss\">").unwrap_err();
        assert!(error.contains("sass"), "{error}");
    }

    #[test]
    fn a_lost_link_is_an_error() {
        let error = finish("<!-- csp: here -->").unwrap_err();
        assert!(error.contains("stylesheet"), "{error}");
    }
}
