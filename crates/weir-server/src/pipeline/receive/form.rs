//! Bodies that are `multipart/form-data`.

use super::Content;
use crate::failure::Failure;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body_util::{BodyDataStream, Full};
use multer::{Field, Multipart};
use weir_wire::request::{BadRequest, FormPart};

/// The text between the parts, as the head says it.
///
/// # Errors
/// [`Failure::UnsupportedMediaType`] when the head says something else of the body.
pub(super) fn boundary(head: &Parts) -> Result<String, Failure> {
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| {
        Failure::UnsupportedMediaType("send the body as `content-type: multipart/form-data; boundary=…`")
    })
}

/// The parts of a body that was taken in whole.
///
/// # Errors
/// [`Failure`] when it is no form, or a part of it has no name.
pub(super) async fn read(head: &Parts, bytes: Bytes) -> Result<Content, Failure> {
    let (length, boundary) = (bytes.len(), boundary(head)?);
    let mut form = Multipart::new(BodyDataStream::new(Full::new(bytes)), boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        parts.push(part(field).await?);
    }
    Ok(Content::Form { length, parts })
}

async fn part(field: Field<'_>) -> Result<FormPart, Failure> {
    let name = field.name().ok_or_else(broken)?.to_owned();
    let file_name = field.file_name().map(str::to_owned);
    let media_type = field.content_type().map(ToString::to_string);
    let bytes = field.bytes().await.map_err(|_| broken())?;
    Ok(FormPart { name, file_name, media_type, bytes })
}

fn broken() -> Failure {
    Failure::BadRequest(BadRequest {
        code: "invalid_form",
        message: "the body is no complete `multipart/form-data` with a name for each part".to_owned(),
        param: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parts(body: &str) -> Option<Vec<FormPart>> {
        let request = http::Request::builder().header(CONTENT_TYPE, "multipart/form-data; boundary=\"b 1\"");
        let (head, ()) = request.body(()).unwrap().into_parts();
        match read(&head, Bytes::copy_from_slice(body.as_bytes())).await {
            Ok(Content::Form { parts, length }) if length == body.len() => Some(parts),
            Ok(_) | Err(_) => None,
        }
    }

    #[tokio::test]
    async fn a_form_is_read_part_by_part() {
        let body = "--b 1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--b 1\r\n\
                    content-disposition: form-data; name=\"file\"; filename=\"x.wav\"\r\n\
                    Content-Type: audio/wav\r\n\r\n\r\ntwo--b 1\r\n\r\n--b 1--\r\n";
        let parts = parts(body).await.unwrap();
        assert_eq!((parts[0].name.as_str(), &*parts[0].bytes), ("a", &b"one"[..]));
        assert_eq!(parts[1].file_name.as_deref(), Some("x.wav"));
        assert_eq!(parts[1].media_type.as_deref(), Some("audio/wav"));
        assert_eq!(&*parts[1].bytes, b"\r\ntwo--b 1\r\n");
    }

    #[tokio::test]
    async fn what_is_no_whole_form_with_names_is_refused() {
        let head = "--b 1\r\nContent-Disposition: form-data";
        for body in [
            String::new(),
            "{}".to_owned(),
            format!("{head}; name=\"a\"\r\n\r\none\r\n"),
            format!("{head}; name=\"a\"\r\n\r\none\r\n--b 1"),
            format!("{head}; filename=\"a\"\r\n\r\none\r\n--b 1--\r\n"),
            "--b 1\r\n\r\none\r\n--b 1--\r\n".to_owned(),
        ] {
            assert!(parts(&body).await.is_none(), "{body}");
        }
    }
}
