//! Answers that no backend should give.

use crate::support::ask;
use crate::support::stage::Stage;
use crate::{assert_error, streamed};
use weir_rig::fake::{Cut, Failure, Fault, Script};

fn json(body: &str) -> Fault {
    Fault::Status(Failure::new(200, "application/json", body))
}

#[test]
fn an_answer_that_is_no_chat_completion_is_a_bad_gateway() {
    let raw = |text: &str| Fault::Raw(text.as_bytes().to_vec());
    for (what, fault) in [
        ("HTML", Fault::Status(Failure::html(200))),
        ("another object", json("{}")),
        ("an array", json("[]")),
        ("nothing", json("")),
        ("two documents", json(r#"{"choices":[]}{"choices":[]}"#)),
        ("a duplicate key", json(r#"{"choices":[],"choices":[]}"#)),
        ("an error", json(r#"{"error":{"message":"out of memory"}}"#)),
        ("an error that is a text", json(r#"{"error":"out of memory"}"#)),
        ("half an answer", Fault::Cut { after: 1, how: Cut::Fin }),
        ("half a chunk", Fault::Cut { after: 1, how: Cut::Truncate }),
        ("an answer that ends early", Fault::Cut { after: 1, how: Cut::End }),
        (
            "a wrong length",
            raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"choices\":[]}",
            ),
        ),
        (
            "two lengths",
            raw(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\ncontent-length: 3\r\n\r\n{\"choices\":[]}",
            ),
        ),
        ("huge headers", raw(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(1 << 20)))),
        (
            "an upgrade",
            raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
        ),
        (
            "compressed nonsense",
            raw(
                "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n\x1f\u{1}zz",
            ),
        ),
        ("204", raw("HTTP/1.1 204 No Content\r\n\r\n")),
    ] {
        // A backend that keeps failing is left alone for a while, so each case has its own.
        let stage = Stage::new();
        stage.there.set(Script::failing(fault));
        for body in [ask("cloud-only", "hi"), streamed(ask("cloud-only", "hi"))] {
            let reply = stage.chat(&body);
            let broke_amid =
                reply.status == 200 && reply.text().contains("\"error\"") && !reply.text().contains("[DONE]");
            if !(body["stream"] == true && broke_amid) {
                assert_error(&reply, 502, "bad_gateway", what);
            }
        }
        stage.there.set(Script::default());
        let after = stage.chat(&ask("cloud-only", "hi")).status;
        assert_eq!(after, 200, "{what}: no connection was left out of step");
    }
}

#[test]
fn informational_answers_before_the_real_one_are_passed_over() {
    let stage = Stage::new();
    let body =
        r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
    let answer = format!(
        "{}HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(3),
        body.len()
    );
    stage.there.set(Script::failing(Fault::Raw(answer.into_bytes())));
    let reply = stage.chat(&ask("cloud-only", "hi"));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "hi");
}
