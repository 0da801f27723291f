//! Serves the files of one folder on 127.0.0.1: what any static host would do, and nothing more.
//!
//! One instance runs behind `cargo xtask serve`; the browser tests start their own on a free port. A missing file is a
//! 404 and never the index page: a missing worker must not look like a script of the wrong type.
//!
//! One thread for each connection and one answer on each: browsers open connections ahead of need and leave them
//! idle, and a pool of threads would sooner or later have its last one wait for such a connection.
#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// More than any browser sends; a client that sends more is none.
const HEAD_BYTES_MAX: u64 = 64 << 10;

/// How long an idle connection keeps its thread.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct StaticServer {
    port: u16,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StaticServer {
    /// Serves `root` on 127.0.0.1 at `port`, or at a free port when it is 0.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(root: &Path, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let port = listener.local_addr()?.port();
        let stopping = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (root, stopping) = (root.to_path_buf(), Arc::clone(&stopping));
            move || accept(&listener, &root, &stopping)
        });
        Ok(Self { port, stopping, thread: Some(thread) })
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
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread out of its wait for a connection; if that fails, the end of the process stops it.
        if TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, root: &Path, stopping: &AtomicBool) {
    for stream in listener.incoming() {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        if let Ok(stream) = stream {
            let root = root.to_path_buf();
            // An error means that the browser has gone away in the middle; it will ask again.
            thread::spawn(move || answer(stream, &root));
        }
    }
}

fn answer(mut stream: TcpStream, root: &Path) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE_MAX))?;
    let line = read_request(&stream)?;
    let mut words = line.split(' ');
    let (method, url) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match find(method, url, root) {
        Ok((mut file, mime)) => {
            let length = file.metadata()?.len();
            write_head(&mut stream, "200 OK", mime, length)?;
            if method == "GET" { io::copy(&mut file, &mut stream).map(drop) } else { Ok(()) }
        }
        Err(status) => {
            write_head(&mut stream, status, "text/plain", status.len() as u64)?;
            stream.write_all(status.as_bytes())
        }
    }
}

/// The request line. The header lines are read too: closing a connection with unread bytes would reset it.
fn read_request(stream: &TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream.take(HEAD_BYTES_MAX)).lines();
    let first = lines.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?;
    for line in lines {
        if line?.is_empty() {
            return Ok(first);
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn write_head(stream: &mut TcpStream, status: &str, mime: &str, length: u64) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())
}

/// The file that `url` names below `root`, with its type; or the status that says why there is none.
fn find(method: &str, url: &str, root: &Path) -> Result<(File, &'static str), &'static str> {
    const MISSING: &str = "404 Not Found";
    if !matches!(method, "GET" | "HEAD") {
        return Err("405 Method Not Allowed");
    }
    let mut path = root.join(relative_path(url).ok_or(MISSING)?);
    if path.is_dir() {
        path.push("index.html");
    }
    let is_file = fs::metadata(&path).is_ok_and(|data| data.is_file());
    let file = File::open(&path).ok().filter(|_| is_file).ok_or(MISSING)?;
    Ok((file, mime_of(&path)))
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

#[cfg(test)]
mod tests {
    use super::*;

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
