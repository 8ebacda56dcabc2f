//! Values of lists: spellings, what is too common, false positives, sizes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::ops::ControlFlow;
use weir_index::{Index, Kind, RecordBuilder, Salt, Weakness, Words};

fn index(values: &[&str]) -> Index {
    let mut builder = RecordBuilder::new(Salt([3; 16]));
    for value in values {
        builder.add(value).unwrap();
    }
    Index::from_bytes(builder.finish().unwrap()).unwrap()
}

fn found<'t>(index: &Index, text: &'t str) -> Vec<&'t str> {
    let mut found = Vec::new();
    let _ = index.scan(&Words::read(text), &mut |hit| {
        assert_eq!(hit.document, None);
        found.push(&text[hit.span]);
        ControlFlow::Continue(())
    });
    found
}

#[test]
fn any_spelling_of_a_value_is_found() {
    let index = index(&[
        "Zoë Müller-Okafor",
        "zoe.okafor@example.com",
        "GB29 NWBK 6016 1331 9268 19",
        "+49 170 5550142",
        "山田太郎",
        "K-48213",
        "O'Brien, Siân",
        "Анна Каренина",
    ]);
    for (text, covered) in [
        ("Dear Zoë Müller-Okafor,", "Zoë Müller-Okafor"),
        ("ZOE MUELLER OKAFOR", "ZOE MUELLER OKAFOR"),
        ("zoe_muller_okafor.pdf", "zoe_muller_okafor"),
        ("Zoe\u{308} Mu\u{308}ller\u{2011}Okafor", "Zoe\u{308} Mu\u{308}ller\u{2011}Okafor"),
        ("for Ｚｏｅ　Ｍüｌｌｅｒ－Ｏｋａｆｏｒ.", "Ｚｏｅ　Ｍüｌｌｅｒ－Ｏｋａｆｏｒ"),
        ("Zo\u{200b}ë Mül\u{ad}ler-Okafor", "Zo\u{200b}ë Mül\u{ad}ler-Okafor"),
        ("<mailto:Zoe.Okafor@Example.COM?subject=x>", "Zoe.Okafor@Example.COM"),
        ("IBAN GB29NWBK60161331926819!", "GB29NWBK60161331926819"),
        ("gb29-nwbk-6016-1331-9268-19", "gb29-nwbk-6016-1331-9268-19"),
        ("G B 2 9 N W B K 6 0 1 6 1 3 3 1 9 2 6 8 1 9", "G B 2 9 N W B K 6 0 1 6 1 3 3 1 9 2 6 8 1 9"),
        ("GB29 NWBK\r\n6016 1331\r\n9268 19", "GB29 NWBK\r\n6016 1331\r\n9268 19"),
        ("call (49) 170-555-01-42", "49) 170-555-01-42"),
        ("請聯絡山田太郎先生", "山田太郎"),
        ("customer k48213", "k48213"),
        ("obrien sian was here", "obrien sian"),
        ("АННА КАРЕНИНА", "АННА КАРЕНИНА"),
    ] {
        assert_eq!(found(&index, text), [covered], "in `{text}`");
    }
    for text in [
        "Zoë Okafor",
        "Zoë Müller-Okafors",
        "zoe.okafor@example.org",
        "GB29 NWBK 6016 1331 9268 18",
        "1GB29NWBK60161331926819",
        "GB29 NWBK 6016           1331 9268 19",
        "K-482133",
        "",
        "-",
    ] {
        assert_eq!(found(&index, text), [""; 0], "in `{text}`");
    }
}

#[test]
fn the_longest_value_is_reported_and_the_next_ones_too() {
    let index = index(&["Anna Schmidt", "Anna Schmidt Weber", "4821-5550-17"]);
    let text = "Anna Schmidt Weber, Anna Schmidt, anna anna schmidt 4821555017";
    assert_eq!(found(&index, text), ["Anna Schmidt Weber", "Anna Schmidt", "anna schmidt", "4821555017"]);
}

#[test]
fn values_that_would_be_found_everywhere_are_left_out() {
    let mut builder = RecordBuilder::new(Salt([3; 16]));
    for (value, weakness) in [
        ("", Weakness::Empty),
        (" -- ", Weakness::Empty),
        ("Berlin", Weakness::Common),
        ("Anna", Weakness::Common),
        ("Bo Li", Weakness::Common),
        ("Internationalisation", Weakness::Common),
        ("12", Weakness::Common),
        ("123-456", Weakness::Common),
        ("0000 0000 0000", Weakness::Common),
        ("1985-03-12", Weakness::Common),
        ("12.03.1985", Weakness::Common),
        ("03/12/1985", Weakness::Common),
        ("2026", Weakness::Common),
        ("Room 12", Weakness::Common),
        ("王明", Weakness::Common),
        (&"long ".repeat(40), Weakness::Long),
    ] {
        assert_eq!(builder.add(value), Err(weakness), "`{value}`");
    }
    assert_eq!(builder.added(), 0);
    let empty = Index::from_bytes(builder.finish().unwrap()).unwrap();
    assert_eq!((empty.kind(), empty.entries()), (Kind::Records, 0));
    assert_eq!(found(&empty, "Anna from Berlin, 123-456"), [""; 0]);
}

#[test]
fn strangers_are_not_found_among_two_hundred_thousand_values() {
    let number = |n: u64| format!("{:012}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 1_000_000_000_000);
    let mut builder = RecordBuilder::new(Salt([9; 16]));
    let is_known = |n: u64| n.is_multiple_of(2);
    (1..400_000).filter(|n| is_known(*n)).for_each(|n| builder.add(&number(n)).unwrap_or(()));
    let bytes = builder.finish().unwrap();
    assert!(bytes.len() < 200_000 * 12, "{} bytes", bytes.len());
    let index = Index::from_bytes(bytes).unwrap();
    for n in 1..400_000 {
        assert_eq!(found(&index, &number(n)).len(), usize::from(is_known(n)), "{n}");
    }
}

/// `cargo test --release -p weir-index -- --ignored --nocapture` prints what ten million values take.
#[test]
#[ignore = "takes a minute without optimisation"]
fn ten_million_values_fit_in_two_hundred_megabytes() {
    let started = std::time::Instant::now();
    let mut builder = RecordBuilder::new(Salt([5; 16]));
    for n in 0..10_000_000_u64 {
        builder.add(&format!("DE{:020}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).unwrap();
    }
    let bytes = builder.finish().unwrap();
    let megabytes = bytes.len() >> 20;
    let built = started.elapsed();
    let index = Index::from_bytes(bytes).unwrap();
    println!("{} values, {megabytes} MiB, built in {built:?}", index.entries());
    assert!(megabytes < 200);
}
