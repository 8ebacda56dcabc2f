//! Indexes of the organisation's data, from the files they are made of to where requests go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::json;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Stdio;
use support::stage::Stage;
use support::{TWO_RULES, ask, two_zones, weir};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const PLAN: &str = "The northern plant will be sold to its managers before the end of the second quarter";
const MERGER: &str =
    "All three branches in the valley are merged and the board signs the contract in late autumn";

fn docx(text: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    let (head, tail) = text.split_at(text.len() / 2);
    let runs = format!("<w:r><w:t>{head}</w:t></w:r><w:r><w:t>{tail}</w:t></w:r>");
    let xml = format!("<w:document xmlns:w=\"x\"><w:body><w:p>{runs}</w:p></w:body></w:document>");
    archive.write_all(xml.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

/// A page of one line, its offsets computed.
fn pdf(line: &str) -> Vec<u8> {
    let content = format!("BT /F1 12 Tf 72 720 Td ({line}) Tj ET");
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
        /Resources << /Font << /F1 5 0 R >> >> >>";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        &format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ];
    let (mut file, mut offsets) = ("%PDF-1.4\n".to_owned(), String::new());
    for (number, object) in (1..).zip(objects) {
        offsets.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let table = file.len();
    let end = format!("trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    format!("{file}xref\n0 6\n0000000000 65535 f \n{offsets}{end}").into_bytes()
}

/// Runs `weir index` and gives what it prints.
fn index(arguments: &[&str]) -> String {
    let output = weir().arg("index").args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn index_records(directory: &Path, rows: &str, out: &Path, more: &[&str]) -> String {
    let csv = directory.join("customers.csv");
    fs::write(&csv, format!("name,no\n{rows}")).unwrap();
    let arguments =
        ["records", csv.to_str().unwrap(), "--columns", "name,no", "--out", out.to_str().unwrap()];
    index(&[&arguments[..], more].concat())
}

#[test]
fn a_prompt_that_quotes_a_pdf_or_a_word_file_stays_inside() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("plan.pdf"), pdf(PLAN)).unwrap();
    fs::write(directory.path().join("merger.docx"), docx(MERGER)).unwrap();
    let out = directory.path().join("plans.widx");
    let made = index(&["documents", directory.path().to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let policy = TWO_RULES.replace("data:\n", &format!("data:\n  {made}"));
    let stage = Stage::with(two_zones, &policy);
    for text in [PLAN, MERGER] {
        let reply = stage.chat(&ask("auto", &format!("please say this nicer: {}", text.to_uppercase())));
        assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
        let decision = &stage.record(&reply)["decision"];
        assert_eq!(decision["findings"][0]["type"], "CONFIDENTIAL_DOCUMENT", "{decision}");
    }
    stage.assert_cloud_untouched();
    assert_eq!(stage.chat(&ask("auto", "is a plant sold before it is merged?")).zone(), Some("cloud"));
}

#[test]
fn an_index_that_is_replaced_acts_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("customers.widx");
    let made = index_records(directory.path(), "Zenobia Okafor,K-48213\n", &out, &[]);
    let policy = TWO_RULES.replace("data:\n", &format!("data:\n  {made}  profile: balanced\n"));
    let stage = Stage::with(two_zones, &policy);
    let zone = |text: &str| stage.chat(&ask("auto", text)).zone().unwrap().to_owned();
    let (old, new) = ("what of number k 48213?", "what of number k 77001?");
    assert_eq!((zone(old).as_str(), zone(new).as_str()), ("local", "cloud"));
    let revision = stage.gateway.ready().1["policy_revision"].clone();

    let next = directory.path().join("next.widx");
    index_records(directory.path(), "Barnaby Quux,K-77001\n", &next, &[]);
    fs::rename(&next, &out).unwrap();
    stage.gateway.until("the new index acts", |_| zone(new) == "local");
    assert_eq!(zone(old), "cloud", "what is in no index any more");
    assert_ne!(stage.gateway.ready().1["policy_revision"], revision, "another index is another policy");

    fs::write(&out, "no index").unwrap();
    let refused = |stage: &Stage| stage.gateway.metric("weir_reloads_total", &["refused"]);
    stage.gateway.until("a broken index is refused", |_| refused(&stage) > 0.0);
    assert_eq!(zone(new), "local", "the index before it stays in force");
}

#[test]
fn data_of_an_index_goes_only_where_the_residency_table_says() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("customers.widx");
    let made = index_records(
        directory.path(),
        "Zenobia Okafor,K-48213\n",
        &out,
        &["--jurisdiction", "DE", "--level", "internal"],
    );
    let config = |here: &str, there: &str| {
        let nearby = format!(
            "  - {{ name: nearby, zone: cloud, url: {there}, jurisdiction: DE, models: [{{ name: m }}] }}\n"
        );
        two_zones(here, there)
            .replace("    zone: cloud\n", "    zone: cloud\n    jurisdiction: US\n")
            .replace("aliases:\n", &format!("{nearby}aliases:\n"))
            .replace(
                "[there/cloud-model, here/local-model]",
                "[there/cloud-model, nearby/m, here/local-model]",
            )
    };
    let policy = TWO_RULES
        .replace("data:\n", &format!("data:\n  {made}  profile: balanced\n"))
        .replace("rules:\n", "residency: { EU: [EU, DE], DE: [DE] }\nrules:\n");
    let stage = Stage::with(config, &policy);
    assert_eq!(stage.chat(&ask("auto", "what of number k 77001?")).header("x-weir-backend"), Some("there"));
    let bound = stage.chat(&ask("auto", "what of number k 48213?"));
    assert_eq!(bound.header("x-weir-backend"), Some("nearby"), "{}", bound.text());
    let decision = &stage.record(&bound)["decision"];
    assert_eq!(decision["jurisdictions"], json!(["DE", "EU"]), "{decision}");
    let nowhere = stage.chat(&ask("cloud-only", "what of number k 48213?"));
    assert_eq!((nowhere.status, nowhere.code().as_str()), (403, "policy_denied"));
}
