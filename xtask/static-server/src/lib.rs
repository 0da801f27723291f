//! Serves the files of one folder on 127.0.0.1: what any static host would do, and nothing more.
//!
//! One instance runs behind `cargo xtask serve`; the browser tests start their own on a free port. A missing file is a
//! 404 and never the index page: a missing worker must not look like a script of the wrong type.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tiny_http::{Header, Method, Request, Response};

/// A running server. Dropping it stops it.
pub struct StaticServer {
    server: Arc<tiny_http::Server>,
    port: u16,
    thread: Option<JoinHandle<()>>,
}

impl StaticServer {
    /// Serves `root` on 127.0.0.1 at `port`, or at a free port when it is 0.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(root: &Path, port: u16) -> io::Result<Self> {
        let server = tiny_http::Server::http(("127.0.0.1", port)).map_err(io::Error::other)?;
        let port = server.server_addr().to_ip().map_or(port, |address| address.port());
        let server = Arc::new(server);
        let thread = thread::spawn({
            let (server, root) = (Arc::clone(&server), root.to_path_buf());
            move || server.incoming_requests().for_each(|request| answer(request, &root))
        });
        Ok(Self { server, port, thread: Some(thread) })
    }

    /// The one address to open. `localhost` would be another origin, with other stored files.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread ends only by a panic, which has printed itself.
            let _ = thread.join();
        }
    }
}

impl Drop for StaticServer {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(request: Request, root: &Path) {
    // An error here means that the browser has gone away in the middle of an answer.
    let _ = match find(request.method(), request.url(), root) {
        Ok((file, mime)) => request.respond(with_headers(Response::from_file(file), mime)),
        Err(status) => {
            let text = format!("{status}\n");
            request.respond(with_headers(Response::from_string(text).with_status_code(status), "text/plain"))
        }
    };
}

/// The file that `url` names below `root`, with its type; or the status that says why there is none.
fn find(method: &Method, url: &str, root: &Path) -> Result<(File, &'static str), u16> {
    if !matches!(method, Method::Get | Method::Head) {
        return Err(405);
    }
    let relative = relative_path(url).ok_or(404_u16)?;
    let mut path = root.join(relative);
    if path.is_dir() {
        path.push("index.html");
    }
    let mime = mime_of(&path);
    File::open(&path).map(|file| (file, mime)).map_err(|_| 404)
}

/// The path of `url` without query, refusing everything that could leave the folder. None of our names needs escapes.
fn relative_path(url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.trim_start_matches('/');
    let path = PathBuf::from(path);
    path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
}

fn mime_of(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "md" | "txt" | "xio" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn with_headers<R: io::Read>(response: Response<R>, mime: &str) -> Response<R> {
    [("Content-Type", mime), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff")]
        .iter()
        .filter_map(|(name, value)| Header::from_bytes(name.as_bytes(), value.as_bytes()).ok())
        .fold(response, Response::with_header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn get(server: &StaticServer, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_script_has_the_type_that_modules_demand_and_is_not_cached() {
        let server = StaticServer::start(Path::new(env!("CARGO_MANIFEST_DIR")), 0).unwrap();
        let text = get(&server, "/Cargo.toml?v=1");
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        assert!(text.contains("Cache-Control: no-cache"), "{text}");
        assert_eq!(mime_of(Path::new("a/worker.js")), "text/javascript; charset=utf-8");
        assert_eq!(mime_of(Path::new("a_bg.wasm")), "application/wasm");
    }

    #[test]
    fn missing_files_and_ways_out_of_the_folder_are_404() {
        let server = StaticServer::start(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), 0).unwrap();
        for path in ["/missing.js", "/../Cargo.toml", "//etc/passwd", "/a/../../Cargo.toml"] {
            let text = get(&server, path);
            assert!(text.starts_with("HTTP/1.1 404"), "{path}: {text}");
        }
    }
}
