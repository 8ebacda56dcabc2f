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

fn main() {
    divan::main();
}

/// Sentences in an order that does not repeat soon, so that no branch is learnt by heart.
fn text(sentences: &[&str], bytes: usize) -> String {
    let mut text = String::new();
    let mut state = 1_usize;
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(sentences.get((state >> 33) % sentences.len()).copied().unwrap_or_default());
        text.push(' ');
    }
    text.truncate(text.floor_char_boundary(bytes));
    text
}

fn find(bencher: Bencher<'_, '_>, sentences: &[&str], bytes: usize) {
    let Ok(model) = Model::embedded() else { return };
    let text = text(sentences, bytes);
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| {
        let mut names = 0_u32;
        let done = model.find(black_box(&text), None, &Name::PEOPLE, &mut |_| {
            names += 1;
            ControlFlow::Continue(())
        });
        (done, names)
    });
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
