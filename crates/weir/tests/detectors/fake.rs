//! A detector that answers, fails, hangs or lies as it is told.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with a question.
#[derive(Clone)]
pub enum Answer {
    /// Answers with this status and body.
    Says(u16, String),
    /// The same, after a while.
    Slowly(Duration, String),
    /// Answers with this head as it stands, and closes.
    Raw(String),
    /// Closes the connection.
    Closes,
    /// Says nothing, and keeps the connection.
    Hangs,
}

/// One question: path and body.
pub type Question = (String, Value);

/// A detector on loopback. Its thread ends with the test's process.
pub struct Detector {
    pub url: String,
    asked: Arc<Mutex<Vec<Question>>>,
}

impl Detector {
    pub fn start(answer: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let questions = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (questions, answer) = (questions.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &questions, &*answer));
            }
        });
        Self { url, asked }
    }

    /// One that always answers the same.
    pub fn saying(answer: Answer) -> Self {
        Self::start(move |_| answer.clone())
    }

    pub fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }
}

/// A span of a Presidio answer.
pub fn span(entity: &str, start: usize, end: usize, score: f64) -> Value {
    json!({ "entity_type": entity, "start": start, "end": end, "score": score, "analysis_explanation": null })
}

/// A Presidio answer with the place of `what` in code points, or none if it is not there.
pub fn finding(entity: &str, what: &str, question: &Question) -> Answer {
    let text = question.1["text"].as_str().unwrap();
    let spans = text.find(what).map(|at| {
        let start = text[..at].chars().count();
        span(entity, start, start + what.chars().count(), 0.85)
    });
    Answer::Says(200, Value::from_iter(spans).to_string())
}

/// A chat completion that says this.
pub fn completion(content: &str) -> Answer {
    let message = json!({ "role": "assistant", "content": content });
    Answer::Says(
        200,
        json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }).to_string(),
    )
}

fn serve(stream: TcpStream, asked: &Mutex<Vec<Question>>, answer: &dyn Fn(&Question) -> Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(question) = read(&mut reader) {
        asked.lock().unwrap().push(question.clone());
        let text = match answer(&question) {
            Answer::Says(status, body) => reply(status, &body),
            Answer::Slowly(time, body) => {
                std::thread::sleep(time);
                reply(200, &body)
            }
            Answer::Raw(text) => {
                let _ = writer.write_all(text.as_bytes());
                return;
            }
            Answer::Closes => return,
            Answer::Hangs => {
                std::thread::sleep(Duration::from_secs(60));
                return;
            }
        };
        if writer.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn reply(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn read(reader: &mut impl BufRead) -> Option<Question> {
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap()
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first.split(' ').nth(1)?.to_owned(), serde_json::from_slice(&body).ok()?))
}
