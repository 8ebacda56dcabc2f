//! Texts out of documents that the test makes.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Cursor, Write};
use std::path::Path;
use weir_extract::Format;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn docx(body: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    let xml =
        format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"x\"><w:body>{body}</w:body></w:document>");
    archive.write_all(xml.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

/// A page of one line, its offsets computed.
fn pdf(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        offsets.push(file.len());
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let table = file.len();
    file.push_str("xref\n0 6\n0000000000 65535 f \n");
    offsets.iter().for_each(|offset| file.push_str(&format!("{offset:010} 00000 n \n")));
    file.push_str(&format!("trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}

#[test]
fn the_text_of_each_format_is_read() {
    let body =
        "<w:p><w:r><w:t>The plant</w:t></w:r><w:r><w:tab/><w:t>is sold &amp; closed</w:t></w:r></w:p><w:p/>";
    for (name, bytes, text) in [
        ("a.md", b"# The plant".to_vec(), "# The plant"),
        (
            "a.HTML",
            b"<p>The <b>plant</b><p>is&nbsp;sold<script>no</script>".to_vec(),
            "The **plant**\n\nis\u{a0}sold\n",
        ),
        ("a.docx", docx(body), "The plant is sold & closed\n"),
        ("a.pdf", pdf("The plant is sold"), "The plant is sold\n"),
    ] {
        assert_eq!(Format::of(Path::new(name)).unwrap().text(&bytes).unwrap(), text, "{name}");
    }
    assert_eq!(Format::of(Path::new("a.exe")), None);
}

#[test]
fn what_has_no_text_is_an_error() {
    for (format, bytes) in [
        (Format::Text, b" \n".to_vec()),
        (Format::Pdf, b"%PDF-1.4\nnothing".to_vec()),
        (Format::Docx, b"PK\x03\x04nothing".to_vec()),
        (Format::Docx, docx("<w:p><w:t>cut")),
        (Format::Docx, docx("")),
    ] {
        assert!(format.text(&bytes).is_err(), "{format:?}");
    }
}
