//! Cost of looking for names, by kind of text.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use std::ops::ControlFlow;
use weir_names::{Model, Name};

/// A prompt, a document, the longest of ordinary bodies.
const SIZES: [usize; 3] = [400, 4 << 10, 20 << 10];

const ENGLISH: &[&str] = &[
    "The committee met on Tuesday to discuss the budget for the coming year, and most members agreed that \
     spending on travel should be cut by a tenth.",
    "Explain in two paragraphs how a heat pump works and when it is cheaper than a gas boiler.",
    "Our customers in Bavaria report that the second invoice arrives before the first; please check the queue.",
    "Margaret Thornbury will present the results of the survey on Monday, after lunch.",
    "It had rained all night, the river was high, and nobody expected the bridge to hold.",
];
const GERMAN: &[&str] = &[
    "Die Größe der Wohnung wird nach der Wohnflächenverordnung berechnet, Balkone zählen zu einem Viertel.",
    "Bitte fassen Sie den Vertrag in höchstens zehn Sätzen zusammen und nennen Sie die Kündigungsfrist.",
    "Am Donnerstag übernimmt Frau Lindemann die Schicht, weil der Kollege krank gemeldet ist.",
    "Für die Steuererklärung genügt eine Kopie; das Finanzamt verlangt die Belege nur auf Nachfrage.",
];
const FRENCH: &[&str] = &[
    "Le contrat prend effet au premier janvier et se renouvelle chaque année par tacite reconduction.",
    "La mairie a décidé de fermer la rue à la circulation pendant les travaux, malgré l'avis des commerçants.",
    "Pouvez-vous expliquer à Camille Rousselot pourquoi le remboursement a été refusé ?",
    "L'été dernier, les récoltes ont souffert de la sécheresse dans tout le sud du pays.",
];
const RUSSIAN: &[&str] = &[
    "Собрание перенесли на четверг, потому что докладчик заболел и не успел подготовить отчёт.",
    "Объясните простыми словами, как работает тепловой насос и сколько он стоит.",
];
const CODE: &[&str] = &[
    "pub fn parse_header(input: &[u8]) -> Result<Header, ParseError> {\n    let (magic, rest) = input.split_at(4);",
    "\n    if magic != MAGIC_BYTES {\n        return Err(ParseError::BadMagic(magic.to_vec()));\n    }\n",
    "    for (index, chunk) in rest.chunks_exact(8).enumerate() {\n        table.insert(index as u32, u64_from(chunk));\n    }\n",
    "def load_config(path, *, strict=True):\n    with open(path, encoding=\"utf-8\") as handle:\n        raw = yaml.safe_load(handle)\n",
    "    return {key: Settings(**value) for key, value in raw.items() if not key.startswith(\"_\")}\n\n",
];
const JSON: &[&str] = &[
    r#"{"order_id": 48213, "status": "shipped", "items": [{"sku": "AX-100", "quantity": 2, "unit_price": 19.9}],"#,
    r#" "shipping": {"method": "express", "carrier": "postal service", "tracking": "JD0146000037"},"#,
    r#" "created_at": "2026-11-24T15:16:17Z", "notes": null, "tags": ["gift", "fragile"]}"#,
];
const LOGS: &[&str] = &[
    "2026-11-24T15:16:17.123Z INFO  gateway::proxy request finished method=POST path=/v1/chat/completions status=200\n",
    "2026-11-24T15:16:18.004Z WARN  gateway::pool connection to 10.0.4.17:8443 closed by peer after 31250 ms\n",
    "2026-11-24T15:16:18.250Z ERROR worker[3] job 3f785a1c-0b7e failed: timeout while waiting for lease, retry 2 of 5\n",
];
const TABLES: &[&str] = &[
    "region;quarter;revenue;change\nnorth;2026-Q1;1204500.50;3.1%\nsouth;2026-Q1;998020.00;-0.4%\n",
    "| Component | Version | Licence | Size |\n|---|---|---|---|\n| parser | 2.4.1 | MIT | 48 kB |\n",
];
/// Rows in which everybody is named: the most that there can be to look at closely.
const PEOPLE: &[&str] = &[
    "Margaret Thornbury, Thorsten Ackermann, Guadalupe Arredondo, Oluwaseun Adebayo, Zhang Wei; ",
    "Dear Mr. Kowalczyk, Fatima Al-Sayed and Joost van der Meulen met Siobhan O'Leary and J. R. Beaumarchand. ",
];

/// Some thousand sentences of seven languages, with words to be filled in between braces.
const TEMPLATES: [&str; 8] = [
    include_str!("../../weir-train/templates/any.txt"),
    include_str!("../../weir-train/templates/de.txt"),
    include_str!("../../weir-train/templates/en.txt"),
    include_str!("../../weir-train/templates/es.txt"),
    include_str!("../../weir-train/templates/fr.txt"),
    include_str!("../../weir-train/templates/it.txt"),
    include_str!("../../weir-train/templates/nl.txt"),
    include_str!("../../weir-train/templates/pt.txt"),
];

fn main() {
    divan::main();
}

/// Numbers that do not repeat soon, below `end`.
fn numbers(end: usize) -> impl FnMut() -> usize {
    let mut state = 1_usize;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end.max(1)
    }
}

/// Sentences in an order that does not repeat soon, so that no branch is learnt by heart.
fn text(sentences: &[&str], bytes: usize) -> String {
    let (mut text, mut number) = (String::new(), numbers(sentences.len()));
    while text.len() < bytes {
        text.push_str(sentences.get(number()).copied().unwrap_or_default());
        text.push(' ');
    }
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// Sentences of which none comes twice: those of the templates, filled in with words of others.
fn different_sentences() -> Vec<String> {
    let lines: Vec<&str> =
        TEMPLATES.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#')).collect();
    let words: Vec<&str> = lines
        .iter()
        .flat_map(|line| line.split(' '))
        .filter(|word| word.chars().all(char::is_alphabetic))
        .collect();
    let mut number = numbers(words.len());
    let mut filled = |line: &&str| {
        let parts = line.split('{').map(|part| part.split_once('}').unwrap_or(("", part)));
        let mut sentence = String::new();
        for (slot, rest) in parts {
            sentence.push_str(if slot.is_empty() {
                ""
            } else {
                words.get(number()).copied().unwrap_or_default()
            });
            sentence.push_str(rest);
        }
        sentence.replace("\\n", "\n")
    };
    (0..4).flat_map(|_| lines.iter().map(&mut filled).collect::<Vec<_>>()).collect()
}

/// Each text is another piece of some thousand different sentences; what comes again after all of them is its words.
#[divan::bench(args = SIZES)]
fn different_texts(bencher: Bencher<'_, '_>, bytes: usize) {
    let Ok(model) = Model::embedded() else { return };
    let all = different_sentences().join(" ");
    let mut from = 0;
    let next = || {
        from = if from + bytes > all.len() { 0 } else { from };
        let text = all.get(all.floor_char_boundary(from)..all.floor_char_boundary(from + bytes));
        from += bytes;
        text.unwrap_or_default().to_owned()
    };
    bencher
        .with_inputs(next)
        .input_counter(|text: &String| BytesCount::of_str(text))
        .bench_local_refs(|text| count(model, text));
}

/// The same for a model that has not read anything yet.
#[divan::bench(args = SIZES)]
fn first_text(bencher: Bencher<'_, '_>, bytes: usize) {
    let mut text = different_sentences().join(" ");
    text.truncate(text.floor_char_boundary(bytes));
    bencher
        .counter(BytesCount::of_str(&text))
        .with_inputs(|| Model::load(FILE))
        .bench_local_refs(|model| model.as_ref().ok().map(|model| count(model, black_box(&text))));
}

fn find(bencher: Bencher<'_, '_>, sentences: &[&str], bytes: usize) {
    let Ok(model) = Model::embedded() else { return };
    let text = text(sentences, bytes);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| count(model, black_box(&text)));
}

/// How many names there are.
fn count(model: &Model<'_>, text: &str) -> u32 {
    let mut names = 0;
    let _all = model.find(text, None, &Name::PEOPLE, &mut |_| {
        names += 1;
        ControlFlow::Continue(())
    });
    names
}

#[divan::bench(args = SIZES)]
fn english(bencher: Bencher<'_, '_>, bytes: usize) {
    find(bencher, ENGLISH, bytes);
}

#[divan::bench(args = SIZES)]
fn german_and_french(bencher: Bencher<'_, '_>, bytes: usize) {
    find(bencher, &[GERMAN, FRENCH].concat(), bytes);
}

#[divan::bench(args = SIZES)]
fn russian(bencher: Bencher<'_, '_>, bytes: usize) {
    find(bencher, RUSSIAN, bytes);
}

#[divan::bench(args = SIZES)]
fn code(bencher: Bencher<'_, '_>, bytes: usize) {
    find(bencher, CODE, bytes);
}

#[divan::bench(args = SIZES)]
fn json(bencher: Bencher<'_, '_>, bytes: usize) {
    find(bencher, JSON, bytes);
}

#[divan::bench(args = SIZES)]
fn logs_and_tables(bencher: Bencher<'_, '_>, bytes: usize) {
    find(bencher, &[LOGS, TABLES].concat(), bytes);
}

#[divan::bench(args = SIZES)]
fn people(bencher: Bencher<'_, '_>, bytes: usize) {
    find(bencher, PEOPLE, bytes);
}

/// One key, one value, as in the leaves of a JSON body.
#[divan::bench]
fn short_strings(bencher: Bencher<'_, '_>) {
    let Ok(model) = Model::embedded() else { return };
    let strings = ["role", "user", "gpt-4o", "content", "get_weather", "Hello!", "2026-11-24", "text"];
    bencher.bench_local(|| {
        strings.iter().all(|text| {
            model
                .find(black_box(text), Some("type"), &Name::PEOPLE, &mut |_| ControlFlow::Continue(()))
                .is_continue()
        })
    });
}

/// What a process does once.
#[divan::bench]
fn start() -> Result<u64, weir_names::BadModel> {
    Model::load(black_box(FILE)).map(|model| model.digest())
}

const FILE: &[u8] = include_bytes!("../model/names.bin");
