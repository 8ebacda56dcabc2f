//! Receivers that tests play themselves: HTTP servers that answer as they are told.

use super::support::PATIENCE;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// One request.
pub struct Request {
    pub head: String,
    pub body: String,
    stream: TcpStream,
}

impl Request {
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':').unwrap().1.trim())
    }

    /// Answers and closes the connection.
    pub fn answer(mut self, status: u16, body: &str) {
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        let _ = self.stream.write_all(text.as_bytes());
    }

    /// Closes the connection without an answer.
    pub fn drop_it(self) {}
}

/// A server that hands over every request, to be answered by the test.
pub struct Server {
    pub address: String,
    requests: Receiver<Request>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let sender = sender.clone();
                std::thread::spawn(move || read(stream).map(|request| sender.send(request)));
            }
        });
        Self { address, requests }
    }

    pub fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("a request comes")
    }

    pub fn try_next(&self) -> Option<Request> {
        self.requests.try_recv().ok()
    }

    pub fn has_none(&self) -> bool {
        self.try_next().is_none()
    }
}

fn read(mut stream: TcpStream) -> Option<Request> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8(bytes[end + 4..end + 4 + length].to_vec()).unwrap();
                return Some(Request { head, body, stream });
            }
        }
        let read = stream.read(&mut buffer).ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
}
