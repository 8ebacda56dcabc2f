//! HTTP/1.1 by hand, so that tests can send what no client would and see every byte that comes back.

use super::PATIENCE;
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

/// One connection.
pub struct Client {
    pub stream: TcpStream,
    rest: Vec<u8>,
    /// How reading ended.
    end: Option<std::io::Result<usize>>,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body ended as its head said it would.
    pub complete: bool,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// `error.code` of an error.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The data of each event of a stream.
    pub fn events(&self) -> Vec<String> {
        self.text().lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    /// What the deltas of a stream say together.
    pub fn streamed_text(&self) -> String {
        let delta = |event: &String| {
            let chunk: Value = serde_json::from_str(event).ok()?;
            Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned())
        };
        self.events().iter().filter_map(delta).collect()
    }

    pub fn decision(&self) -> String {
        self.header("x-weir-decision-id").expect("a decision id").to_owned()
    }

    pub fn zone(&self) -> Option<&str> {
        self.header("x-weir-zone")
    }
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "a test's client, towards the gateway under test")]
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, rest: Vec::new(), end: None }
    }

    /// A request without a body.
    pub fn send_request(&mut self, method: &str, path: &str) -> Reply {
        self.send(&head(method, path, &[], None));
        self.reply()
    }

    pub fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(&head("GET", path, headers, None));
        self.reply()
    }

    pub fn delete(&mut self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(&head("DELETE", path, headers, None));
        self.reply()
    }

    pub fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.begin_post(path, headers, body);
        self.reply()
    }

    /// Sends a POST and does not wait for its answer.
    pub fn begin_post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut request = head("POST", path, headers, Some(body.len()));
        request.extend_from_slice(body);
        self.send(&request);
    }

    /// A connection, if somebody listens.
    #[expect(clippy::disallowed_methods, reason = "a test's client, towards the gateway under test")]
    pub fn try_connect(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        Some(Self { stream, rest: Vec::new(), end: None })
    }

    /// The same as [`post`](Self::post) with a gateway that may go at any moment.
    pub fn try_post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Reply> {
        let mut request = head("POST", path, headers, Some(body.len()));
        request.extend_from_slice(body);
        self.stream.write_all(&request).ok()?;
        let (status, headers) = self.try_head()?;
        Some(self.body_of(status, headers))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Reads one answer to its end.
    pub fn reply(&mut self) -> Reply {
        let (status, headers) = self.head();
        self.body_of(status, headers)
    }

    fn body_of(&mut self, status: u16, headers: Vec<(String, String)>) -> Reply {
        let value =
            |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
        let (body, complete) = match (value("transfer-encoding"), value("content-length")) {
            (Some(_), _) => self.chunked(),
            (None, Some(length)) => self.exactly(length.parse().unwrap()),
            (None, None) => (self.until_closed(), true),
        };
        Reply { status, headers, body, complete }
    }

    /// Reads the status line and the headers of an answer.
    pub fn head(&mut self) -> (u16, Vec<(String, String)>) {
        let head = self.try_head();
        head.unwrap_or_else(|| {
            panic!("no answer: {:?} after {:?}", self.end, String::from_utf8_lossy(&self.rest))
        })
    }

    fn try_head(&mut self) -> Option<(u16, Vec<(String, String)>)> {
        let head = self.until(b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let pair = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned()));
        Some((status, lines.filter_map(pair).collect()))
    }

    /// The next chunk of a chunked body; `None` at its end or when the connection breaks.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.until(b"\r\n")?;
        let size = usize::from_str_radix(String::from_utf8_lossy(&size).trim(), 16).ok()?;
        let (mut data, complete) = self.exactly(size + 2);
        if !complete || size == 0 {
            return None;
        }
        data.truncate(size);
        Some(data)
    }

    /// Whether the other side closes the connection, for which it is waited.
    pub fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }

    /// Goes away in the middle of things.
    pub fn abandon(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn chunked(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(size) = self.until(b"\r\n") else { return (body, false) };
            let size = usize::from_str_radix(String::from_utf8_lossy(&size).trim(), 16).unwrap();
            let (data, complete) = self.exactly(size + 2);
            body.extend_from_slice(data.get(..size.min(data.len())).unwrap());
            if !complete || size == 0 {
                return (body, complete);
            }
        }
    }

    fn exactly(&mut self, length: usize) -> (Vec<u8>, bool) {
        while self.rest.len() < length {
            if !self.read_more() {
                return (std::mem::take(&mut self.rest), false);
            }
        }
        let rest = self.rest.split_off(length);
        (std::mem::replace(&mut self.rest, rest), true)
    }

    fn until_closed(&mut self) -> Vec<u8> {
        while self.read_more() {}
        std::mem::take(&mut self.rest)
    }

    /// Reads up to and including `mark`, and gives what stands before it.
    fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.rest.windows(mark.len()).position(|window| window == mark) {
                let rest = self.rest.split_off(at + mark.len());
                let mut found = std::mem::replace(&mut self.rest, rest);
                found.truncate(at);
                return Some(found);
            }
            if !self.read_more() {
                return None;
            }
        }
    }

    fn read_more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            // A signal, such as that a child process has ended, says nothing of the connection.
            Err(error) if error.kind() == ErrorKind::Interrupted => self.read_more(),
            end @ (Ok(0) | Err(_)) => {
                self.end = Some(end);
                false
            }
            Ok(count) => {
                self.rest.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)], length: Option<usize>) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    if let Some(length) = length {
        head.push_str(&format!("content-length: {length}\r\n"));
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            head.push_str("content-type: application/json\r\n");
        }
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// A form: its media type, and it. A field whose value has a type is a file.
pub fn form(fields: &[Field<'_>]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for Field { name, file, value } in fields {
        body.extend_from_slice(
            format!("--of-a-test\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
        );
        if let Some((file_name, media_type)) = file {
            body.extend_from_slice(
                format!("; filename=\"{file_name}\"\r\nContent-Type: {media_type}").as_bytes(),
            );
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--of-a-test--\r\n");
    ("multipart/form-data; boundary=of-a-test".to_owned(), body)
}

/// A field of a form.
pub struct Field<'f> {
    name: &'f str,
    file: Option<(&'f str, &'f str)>,
    value: &'f [u8],
}

impl<'f> Field<'f> {
    pub fn text(name: &'f str, value: &'f str) -> Self {
        Self { name, file: None, value: value.as_bytes() }
    }

    pub fn file(name: &'f str, file: (&'f str, &'f str), value: &'f [u8]) -> Self {
        Self { name, file: Some(file), value }
    }
}
