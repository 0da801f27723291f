//! JSON over HTTP to chromedriver: one connection for each command, as small as the protocol allows.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longer than anything a page may take; a browser that hangs must still end the test.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Sends one command and gives its `value`, or the driver's reason.
pub fn call(port: u16, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let text = exchange(port, method, path, body).map_err(|error| format!("{method} {path}: {error}"))?;
    let (head, content) = text.split_once("\r\n\r\n").ok_or_else(|| format!("{method} {path}: half an answer"))?;
    let answer: Value =
        serde_json::from_str(content).map_err(|error| format!("{method} {path}: {error} in {content}"))?;
    let value = answer.get("value").cloned().unwrap_or(Value::Null);
    if head.starts_with("HTTP/1.1 200") {
        return Ok(value);
    }
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(format!("{method} {path}: {}: {}", field("error"), field("message")))
}

fn exchange(port: u16, method: &str, path: &str, body: &Value) -> std::io::Result<String> {
    let body = if method == "POST" { body.to_string() } else { String::new() };
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}
