//! HTTP/2 with prior knowledge, as far as a test needs it: frames by hand.
//!
//! Source: RFC 9113 (frames) and RFC 7541 (header compression, without its compression).

use crate::support::stage::Stage;
use crate::support::{PATIENCE, ask};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

pub struct Http2 {
    stream: TcpStream,
    next_stream: u32,
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

impl Http2 {
    #[expect(clippy::disallowed_methods, reason = "a test's client, towards the gateway under test")]
    pub fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut http2 = Self { stream, next_stream: 1 };
        http2.write(SETTINGS, 0, 0, &[]);
        http2
    }

    /// The status of a GET.
    pub fn get(&mut self, path: &str) -> u16 {
        self.request("GET", path, None).0
    }

    /// Status and body of a POST.
    pub fn post(&mut self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        self.request("POST", path, Some(body))
    }

    /// A sign of life that is no request.
    pub fn ping(&mut self) {
        self.write(PING, 0, 0, b"12345678");
        self.write(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes());
    }

    fn request(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> (u16, Vec<u8>) {
        let id = self.next_stream;
        self.next_stream += 2;
        let mut block = Vec::new();
        for (name, value) in [
            (":method", method),
            (":scheme", "http"),
            (":path", path),
            (":authority", "weir.test"),
            ("content-type", "application/json"),
        ] {
            literal(name, value, &mut block);
        }
        let end = if body.is_none() { END_STREAM } else { 0 };
        self.write(HEADERS, END_HEADERS | end, id, &block);
        if let Some(body) = body {
            self.write(DATA, END_STREAM, id, body);
        }
        self.answer(id)
    }

    fn answer(&mut self, id: u32) -> (u16, Vec<u8>) {
        let (mut status, mut body) = (0, Vec::new());
        loop {
            let frame = self.read();
            match frame.kind {
                SETTINGS if frame.flags & ACK == 0 => self.write(SETTINGS, ACK, 0, &[]),
                PING if frame.flags & ACK == 0 => self.write(PING, ACK, 0, &frame.payload),
                GOAWAY | RST_STREAM => panic!("ended with frame {} {:?}", frame.kind, frame.payload),
                HEADERS if frame.stream == id => status = status_of(&frame.payload),
                DATA if frame.stream == id => body.extend_from_slice(&frame.payload),
                _ => {}
            }
            if frame.stream == id && frame.flags & END_STREAM != 0 && matches!(frame.kind, HEADERS | DATA) {
                return (status, body);
            }
        }
    }

    fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.stream.write_all(&frame).unwrap();
    }

    fn read(&mut self) -> Frame {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).expect("a frame");
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).unwrap();
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Frame { kind: head[3], flags: head[4], stream, payload }
    }
}

/// A header that neither side remembers.
fn literal(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(0);
    for text in [name, value] {
        out.push(u8::try_from(text.len()).ok().filter(|len| *len < 127).unwrap());
        out.extend(text.as_bytes());
    }
}

/// The status is the first header. The static table has the usual ones; others are Huffman-coded digits
/// under the name of entry 8.
fn status_of(block: &[u8]) -> u16 {
    match block[0] {
        0x88 => 200,
        0x8b => 304,
        0x8c => 400,
        0x8d => 404,
        0x8e => 500,
        _ => 1,
    }
}

#[test]
fn http2_with_prior_knowledge_is_answered() {
    let stage = Stage::new();
    let mut http2 = Http2::connect(stage.gateway.data);
    assert_eq!(http2.get("/v1/models"), 200);
    assert_eq!(http2.get("/nowhere"), 404);
    let (status, body) = http2.post("/v1/chat/completions", ask("auto", "hi").to_string().as_bytes());
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&body).contains("simulated answer of cloud-model"));
    let streamed = crate::streamed(ask("auto", "jo.doe@example.com"));
    let (status, body) = http2.post("/v1/chat/completions", streamed.to_string().as_bytes());
    assert_eq!(status, 200);
    assert!(String::from_utf8_lossy(&body).ends_with("data: [DONE]\n\n"));
    assert!(stage.here.contains(b"jo.doe@example.com") && !stage.there.contains(b"jo.doe@example.com"));
    assert_eq!(http2.post("/v1/chat/completions", b"{").0, 400);
    assert_eq!(http2.get("/v1/models"), 200, "the connection goes on");
}
