use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use weir_wire::json::Limits;
use weir_wire::request::ClientRequest;
use weir_wire::segment::SegmentKind;

/// An attachment is opaque until its text is known, and then the text is inspected, whatever its bytes. The
/// first byte chooses the type, the second how the part is written.
pub fn attachment(data: &[u8]) {
    let Some(([media_type, part], bytes)) = data.split_first_chunk::<2>() else { return };
    let media_type = TYPES.get(usize::from(*media_type) % TYPES.len()).copied().unwrap_or_default();
    let body = body(media_type, *part, bytes);
    let Ok(request) = ClientRequest::read(&body, Limits::default()) else { return };
    let read: Vec<usize> = request.attachments().map(|(index, _)| index).collect();
    for (_, attachment) in request.attachments() {
        assert!(attachment.bytes == bytes, "an attachment has other bytes than were sent");
    }
    let shown_as_text = std::str::from_utf8(bytes).is_ok_and(|text| has_text(&request, text));
    assert!(shown_as_text || has_opaque(&request), "bytes are neither opaque nor inspected");
    let known = read.iter().fold(request, |request, index| request.with_text_of(*index, TEXT.to_owned()));
    assert!(known.attachments().next().is_none(), "a text is known, and still asked for");
    assert!(read.is_empty() || (has_text(&known, TEXT) && !has_opaque(&known)), "a text is not inspected");
}

const TEXT: &str = "the text of the attachment";

const TYPES: [&str; 10] = [
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/gif",
    "text/plain",
    "text/csv",
    "application/json",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "video/mp4",
    "Text/Plain; charset=UTF-8",
];

fn body(media_type: &str, part: u8, bytes: &[u8]) -> Vec<u8> {
    let url = format!("data:{media_type};base64,{}", STANDARD.encode(bytes));
    let part = match part % 4 {
        0 => json!({ "type": "image_url", "image_url": { "url": url } }),
        1 => json!({ "type": "file", "file": { "file_data": url, "filename": "a" } }),
        2 => json!({ "type": "input_file", "file_data": url }),
        _ => json!({ "type": "file", "file": { "file_data": url, "file_id": "also" } }),
    };
    json!({ "model": "m", "messages": [{ "role": "user", "content": [part] }] }).to_string().into_bytes()
}

fn has_text(request: &ClientRequest, text: &str) -> bool {
    request.segments().iter().any(|segment| segment.kind == SegmentKind::Text && segment.text == text)
}

fn has_opaque(request: &ClientRequest) -> bool {
    request.segments().iter().any(|segment| segment.kind == SegmentKind::Opaque)
}
