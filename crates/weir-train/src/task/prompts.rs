//! Prompts made of our own templates.

use super::corpus::Prompt;
use crate::random::Random;
use std::collections::BTreeMap;
use weir_task::Kind;

const FILES: [(&str, &str); 8] = [
    (
        "en",
        concat!(
            include_str!("../../task/english.txt"),
            include_str!("../../task/more.txt"),
            include_str!("../../task/slots.txt")
        ),
    ),
    ("de", include_str!("../../task/german.txt")),
    ("fr", include_str!("../../task/french.txt")),
    ("es", include_str!("../../task/spanish.txt")),
    ("it", include_str!("../../task/italian.txt")),
    ("pt", include_str!("../../task/portuguese.txt")),
    ("nl", include_str!("../../task/dutch.txt")),
    ("zh", include_str!("../../task/chinese.txt")),
];
const JAPANESE: (&str, &str) = ("ja", include_str!("../../task/japanese.txt"));

/// The templates of a language, and what their slots are filled with.
#[derive(Debug)]
struct Language {
    code: &'static str,
    templates: Vec<(Kind, String)>,
    slots: BTreeMap<String, Vec<String>>,
}

/// All templates, each filled a number of times: English ones `fillings` times, others half as often.
pub fn own(fillings: usize, random: &mut Random) -> Result<Vec<Prompt>, String> {
    let languages = FILES.into_iter().chain([JAPANESE]);
    let languages = languages.map(|(code, text)| read(code, text)).collect::<Result<Vec<_>, _>>()?;
    let english = languages.first().map(|english| english.slots.clone()).unwrap_or_default();
    let mut prompts = Vec::new();
    for Language { code, templates, slots } in languages {
        let times = if code == "en" { fillings } else { fillings.div_ceil(2) };
        for (number, (kind, template)) in templates.iter().enumerate() {
            // What has no slot is the same each time.
            let times = if template.contains('{') { times } else { 1 };
            for _ in 0..times {
                let text = vary(fill(template, &slots, &english, random), random);
                prompts.push(Prompt {
                    text,
                    kind: *kind,
                    source: "own".to_owned(),
                    language: code.to_owned(),
                    group: format!("own-{code}-{number}"),
                    is_natural: false,
                });
            }
        }
    }
    Ok(prompts)
}

fn read(code: &'static str, text: &str) -> Result<Language, String> {
    let (mut templates, mut slots) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
    let mut section = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim_start_matches('@').to_owned();
            continue;
        }
        let entry = line.replace("\\n", "\n").replace("\\t", "\t");
        match Kind::named(&section) {
            Some(kind) => templates.push((kind, entry)),
            None if section.is_empty() => return Err(format!("{code}: `{line}` stands before a section")),
            None => slots.entry(section.clone()).or_default().push(entry),
        }
    }
    Ok(Language { code, templates, slots })
}

type Slots = BTreeMap<String, Vec<String>>;

fn fill(template: &str, slots: &Slots, others: &Slots, random: &mut Random) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| {
            let choices = slots.get(name).or_else(|| others.get(name))?;
            Some((random.pick(choices)?, after))
        });
        // A brace that opens no slot is one of the text.
        rest = if let Some((choice, after)) = known {
            filled.push_str(choice);
            after
        } else {
            filled.push('{');
            after
        };
    }
    filled + rest
}

/// As people are: some write no capitals, some no full stops.
fn vary(text: String, random: &mut Random) -> String {
    let text = if random.percent(12) { text.to_lowercase() } else { text };
    if random.percent(12) { text.trim_end_matches(['.', '?', '!', ':']).to_owned() } else { text }
}
