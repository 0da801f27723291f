//! JSON over HTTP to chromedriver: one connection for each command, as small as the protocol allows.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longer than anything a page may take; a browser that hangs must still end the test.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Sends one command and gives its `value`, or the driver's reason.
pub fn call(port: u16, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let explain = |error: &dyn std::fmt::Display| format!("{method} {path}: {error}");
    let answer = exchange(port, method, path, body).map_err(|error| explain(&error))?;
    let json: Value = serde_json::from_slice(&answer.content).map_err(|error| explain(&error))?;
    let value = json.get("value").cloned().unwrap_or(Value::Null);
    if answer.is_ok {
        return Ok(value);
    }
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Err(format!("{method} {path}: {}: {}", text("error"), text("message")))
}

struct Answer {
    is_ok: bool,
    content: Vec<u8>,
}

/// The driver does not close the connection, so the answer is as long as it says.
fn exchange(port: u16, method: &str, path: &str, body: &Value) -> io::Result<Answer> {
    let body = if method == "POST" { body.to_string() } else { String::new() };
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut reader = BufReader::new(stream);
    let mut status = String::new();
    reader.read_line(&mut status)?;
    let mut content = vec![0; content_length(&mut reader)?];
    reader.read_exact(&mut content)?;
    Ok(Answer { is_ok: status.contains(" 200 "), content })
}

fn content_length(reader: &mut impl BufRead) -> io::Result<usize> {
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 && !line.trim().is_empty() {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        line.clear();
    }
    Ok(length)
}
