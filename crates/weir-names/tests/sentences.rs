//! The embedded model on sentences that it was not trained on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::ops::ControlFlow;
use weir_names::{Kind, Model, Name};

/// Sentences and the people in them.
const NAMED: &[(&str, &[&str])] = &[
    ("Could you ask Margaret Thornbury whether the parcel arrived?", &["Margaret Thornbury"]),
    ("My name is Oluwaseun Adebayo and I lost my card.", &["Oluwaseun Adebayo"]),
    ("please call priya venkataraman about her appointment", &["priya venkataraman"]),
    ("Minutes: Zhang Wei presents the budget, Fatima Al-Sayed objects.", &["Zhang Wei", "Fatima Al-Sayed"]),
    ("Dear Mr. Kowalczyk, your claim was rejected.", &["Kowalczyk"]),
    ("The patient, Siobhan O'Leary, was discharged on Tuesday.", &["Siobhan O'Leary"]),
    ("id;name;age\n17;Thorsten Ackermann;41\n18;Birgit Sommer;39", &["Thorsten Ackermann", "Birgit Sommer"]),
    ("{\"customer_name\": \"Helena Bergström\", \"active\": true}", &["Helena Bergström"]),
    ("Sehr geehrte Frau Lindemann, anbei erhalten Sie den Vertrag.", &["Lindemann"]),
    ("Gestern habe ich mit Torsten Brandmeier über die Rechnung gesprochen.", &["Torsten Brandmeier"]),
    ("La patiente Camille Rousselot a été opérée hier.", &["Camille Rousselot"]),
    ("M. Beaumarchand conteste la décision du tribunal.", &["Beaumarchand"]),
    ("El Sr. Echevarría presentó un recurso ante el tribunal.", &["Echevarría"]),
    ("Mi compañera Guadalupe Arredondo está de baja.", &["Guadalupe Arredondo"]),
    ("La signora Bertolucci ha chiamato per la fattura.", &["Bertolucci"]),
    ("Il nostro cliente Alessandro Ferrante chiede un rimborso.", &["Alessandro Ferrante"]),
    ("Mevrouw Hoogendoorn wacht nog op haar bestelling.", &["Hoogendoorn"]),
    ("Mijn collega Joost van der Meulen is op vakantie.", &["Joost van der Meulen"]),
    ("A minha vizinha Conceição Figueiredo vendeu a casa.", &["Conceição Figueiredo"]),
    ("We all believe in Siobhan.", &["Siobhan"]),
    ("We all believe in Margaret Rain.", &["Margaret Rain"]),
    ("O doutor Vasconcelos receitou um tratamento.", &["Vasconcelos"]),
];

/// Texts in which nobody is named.
const NAMELESS: &[&str] = &[
    "How do I sort a list of dictionaries by value in Python?",
    "The Bessel function of the first kind solves the differential equation below.",
    "SELECT customer_name, city FROM orders WHERE status = 'open';",
    "fn main() { let engine = Engine::new(Settings::default()); }",
    "In March the Board of Directors approved the Annual Report.",
    "Run Dijkstra's algorithm on the graph and print the shortest path.",
    "# Getting Started\n\nInstall Docker Desktop and run Docker Compose.",
    "Wie berechnet man die Steuer auf den Gewinn einer Gesellschaft?",
    "Le contrat de location prend effet au premier janvier.",
    "La reunión del comité será el martes por la tarde.",
    "It rains all day in Ghent.",
    "The meeting is in Geneva next week.",
    "Translate the following paragraph into Dutch and Portuguese.",
];

fn people(text: &str) -> Vec<&str> {
    let mut people = Vec::new();
    let done = Model::embedded().unwrap().find(text, None, &Name::PEOPLE, &mut |name| {
        assert_eq!(name.kind, Kind::Person);
        if name.is_sure() {
            people.push(&text[name.start..name.end]);
        }
        ControlFlow::Continue(())
    });
    assert!(done.is_continue());
    people
}

#[test]
fn people_are_found_in_seven_languages() {
    let wrong: Vec<_> =
        NAMED.iter().map(|(text, named)| (people(text), *named)).filter(|(a, b)| a != b).collect();
    assert!(wrong.is_empty(), "found and expected: {wrong:#?}");
}

#[test]
fn texts_without_people_are_left_alone() {
    for text in NAMELESS {
        assert_eq!(people(text), [""; 0], "in `{text}`");
    }
}

#[test]
fn what_was_read_before_changes_no_answer() {
    const FILE: &[u8] = include_bytes!("../model/names.bin");
    let names = |model: &Model<'_>, text: &str| {
        let mut names = Vec::new();
        let done = model.find(text, None, &[0.02; 4], &mut |name| {
            names.push(name);
            ControlFlow::Continue(())
        });
        assert!(done.is_continue());
        names
    };
    let texts: Vec<&str> = NAMED.iter().map(|(text, _)| *text).chain(NAMELESS.iter().copied()).collect();
    // The same words in other places, and written otherwise.
    let backwards: Vec<String> =
        texts.iter().map(|text| text.split(' ').rev().collect::<Vec<_>>().join(" ")).collect();
    let written =
        texts.iter().flat_map(|text| [text.to_lowercase(), text.to_uppercase(), (*text).to_owned()]);
    let (model, mut count) = (Model::load(FILE).unwrap(), 0);
    for text in written.chain(backwards) {
        let fresh = Model::load(FILE).unwrap();
        let expected = names(&fresh, &text);
        assert_eq!(names(&model, &text), expected, "{text}");
        count += expected.len();
    }
    assert!(count > 100);
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    for bytes in [&b""[..], b"WEIRNER3", b"WEIRNER2\x13", &[0; 640]] {
        assert!(Model::load(bytes).is_err());
    }
}

#[test]
fn every_cut_of_a_text_can_be_read() {
    let text = "Frau Müller-Lüdenscheidt schrieb: „Grüße an José“, \\n\\\"ok\\\" 😀 \u{301}x\u{200d}y É";
    for (start, _) in text.char_indices() {
        for (end, _) in text.char_indices().filter(|(end, _)| *end >= start) {
            people(&text[start..end]);
        }
    }
}
