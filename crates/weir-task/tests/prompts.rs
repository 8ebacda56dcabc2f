//! What the embedded model says of prompts that it was not trained on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use weir_task::{Judgement, Kind, Model, Reading, Structure, Turns, best, judge};

fn read(text: &str) -> Reading {
    Model::embedded().unwrap().read(text)
}

fn check(text: &str, kind: Kind, language: &str) {
    let judgement = of(&[text], None, Structure::default());
    assert_eq!((judgement.kind, judgement.language), (kind, Some(language)), "{text}: {judgement:?}");
}

/// The judgement of a conversation, the last turn first.
fn of(user: &[&str], system: Option<&str>, structure: Structure) -> Judgement {
    let user: Vec<Reading> = user.iter().map(|text| read(text)).collect();
    let system = system.map(read);
    judge(Turns { user: &user, system: system.as_ref() }, structure).unwrap()
}

#[test]
fn each_task_type_is_told_in_english() {
    let notes = "The harbour will be dredged in May. Ferries leave from pier 4, and the fish market moves to Mill Street.";
    check("Hi there! How was your weekend?", Kind::Chat, "en");
    check(&format!("Summarise this in one sentence.\n\n{notes}"), Kind::Summarise, "en");
    check(&format!("Extract every street and pier as JSON.\n\n{notes}"), Kind::Extract, "en");
    check(&format!("Is this notice about traffic or about sport?\n{notes}"), Kind::Classify, "en");
    check("Translate into Portuguese: where does the ferry leave from?", Kind::Translate, "en");
    check(&format!("Rewrite the notice so that it sounds friendlier.\n{notes}"), Kind::Rewrite, "en");
    check(
        "Write a Python function that finds the ferry with the earliest departure.",
        Kind::CodeGenerate,
        "en",
    );
    check("What does this code do?\n\nfor i in range(3):\n    print(i ** 2)", Kind::CodeExplain, "en");
    check(
        "A ferry carries 48 cars and makes 7 trips a day. How many cars cross in 3 days?",
        Kind::Math,
        "en",
    );
    check("Write a short story about a ferryman who is afraid of water.", Kind::Creative, "en");
    check("Give me ten ideas for naming my new sailing boat.", Kind::Brainstorm, "en");
    check(&format!("Context: {notes}\n\nQuestion: Where do ferries leave from?\nAnswer:"), Kind::Rag, "en");
    check("Book two seats on the ferry tomorrow at nine and put it into my calendar.", Kind::Agent, "en");
}

#[test]
fn other_languages_are_told_too() {
    check(
        "Fasse den folgenden Bericht bitte kurz zusammen.\nDer Hafen wird im Mai ausgebaggert.",
        Kind::Summarise,
        "de",
    );
    check("Écris un poème sur un vieux port en hiver.", Kind::Creative, "fr");
    check("¿Cuánto es el 12 % de 450?", Kind::Math, "es");
    check("Traduci in inglese: il traghetto parte alle nove.", Kind::Translate, "it");
    check("Escreva uma função em Python que conte as vogais de um texto.", Kind::CodeGenerate, "pt");
    check("Geef me vijf ideeën voor een uitje met kinderen.", Kind::Brainstorm, "nl");
    check("写一首关于大海的诗。", Kind::Creative, "zh");
    check("次の文章を要約してください。\n港は五月に浚渫されます。", Kind::Summarise, "ja");
}

/// What a model might say: this type, with so many odds.
fn reading(kind: Kind, score: f32, bytes: usize) -> Reading {
    let mut scores = [0.0; weir_task::KINDS];
    scores[kind.column()] = score;
    Reading { scores, margin: best(&scores).2, complexity: 0.5, weak_fail: 0.5, language: None, bytes }
}

fn kind_of(user: &[Reading], system: Option<&Reading>, structure: Structure) -> Kind {
    judge(Turns { user, system }, structure).unwrap().kind
}

#[test]
fn structure_wins_over_every_text() {
    let none = Structure::default();
    let (tools, schema) = (Structure { has_tools: true, ..none }, Structure { has_schema: true, ..none });
    let both = Structure { has_tools: true, has_schema: true };
    let system = reading(Kind::Creative, 30.0, 400);
    for kind in Kind::ALL {
        for text in [reading(kind, 30.0, 400), reading(kind, 30.0, 3), reading(kind, 0.0, 0)] {
            for (structure, wanted) in [(tools, Kind::Agent), (schema, Kind::Extract), (both, Kind::Agent)] {
                for system in [None, Some(&system)] {
                    let judgement = judge(Turns { user: &[text], system }, structure).unwrap();
                    assert_eq!((judgement.kind, judgement.margin), (wanted, 1.0), "{text:?}");
                    assert_eq!((judgement.confidence, judgement.is_unsure()), (1.0, false));
                }
            }
        }
        assert_eq!(kind_of(&[reading(kind, 30.0, 400)], None, none), kind);
    }
    let people = "Anna Meier met Bob Jones on Friday at 5. They paid 12 euros each.";
    assert_eq!(of(&[people], None, schema).kind, Kind::Extract);
}

#[test]
fn a_short_turn_is_read_with_those_before_it() {
    let form = Structure::default();
    let before = reading(Kind::Creative, 6.0, 300);
    assert_eq!(kind_of(&[reading(Kind::Math, 6.0, 8), before], None, form), Kind::Creative);
    assert_eq!(kind_of(&[reading(Kind::Math, 6.0, 300), before], None, form), Kind::Math);
    assert_eq!(kind_of(&[reading(Kind::Math, 6.0, 8)], None, form), Kind::Math);
    let pens = "A shop sells 12 pens for $3. How much do 20 pens cost?";
    assert_eq!(of(&["And 50?", pens], None, form).kind, Kind::Math);
}

#[test]
fn the_systems_instructions_help_where_the_turn_says_little() {
    let system = reading(Kind::Translate, 6.0, 200);
    assert_eq!(
        kind_of(&[reading(Kind::Chat, 4.0, 20)], Some(&system), Structure::default()),
        Kind::Translate
    );
    assert_eq!(kind_of(&[reading(Kind::Math, 4.0, 200)], Some(&system), Structure::default()), Kind::Math);
    assert_eq!(kind_of(&[], Some(&system), Structure::default()), Kind::Translate);
}

#[test]
fn what_says_nothing_is_unsure() {
    assert!(
        of(&["ok"], None, Structure::default()).margin
            < of(&["Translate into German: good night"], None, Structure::default()).margin
    );
    assert!(judge(Turns { user: &[], system: None }, Structure::default()).is_none());
}

#[test]
fn figures_are_shares_whatever_the_text() {
    let long = "Solve: x = 1 + 2; ".repeat(40_000);
    let texts = [
        "",
        " ",
        "\n\n\n",
        "?",
        "é",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
        "{}[]()",
        "A. B. C.",
        &long,
        &"字".repeat(9000),
        &"1".repeat(9000),
    ];
    for text in texts {
        let judgement = of(&[text], None, Structure::default());
        for share in [judgement.confidence, judgement.margin, judgement.complexity, judgement.weak_fail] {
            assert!((0.0..=1.0).contains(&share), "{judgement:?}");
        }
    }
}

#[test]
fn longer_questions_are_more_complex() {
    let short = read("What is the capital of France?");
    let long = read(
        "A company issues bonds with a face value of 200,000 that pay 6 % twice a year and mature in ten years, while the \
         market rate is 8 %. Which of the following entries records the issue, given that costs of 4,500 are deferred and \
         that the discount is amortised by the effective interest method?\nA. Debit cash\nB. Credit cash\nC. None\nD. Both",
    );
    assert!(long.complexity > short.complexity + 0.1, "{} {}", long.complexity, short.complexity);
    assert!(long.weak_fail > short.weak_fail);
}
