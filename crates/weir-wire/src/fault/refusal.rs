//! Answers that refuse in words.

/// A refusal is short; what goes on for longer than so many bytes has helped after all, or talks about refusing.
const REFUSAL_BYTES_MAX: usize = 600;

/// How refusals begin, in lower case, with straight apostrophes.
const BEGINNINGS: &[&str] = &[
    // English
    "i can't help with",
    "i can't assist",
    "i can't provide",
    "i can't do that",
    "i cannot help with",
    "i cannot assist",
    "i cannot provide",
    "i cannot fulfill",
    "i can't fulfill",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i won't be able to",
    "i must decline",
    "as an ai language model, i can",
    "as an ai, i can",
    // German
    "das kann ich nicht",
    "dabei kann ich nicht helfen",
    "dabei kann ich dir nicht helfen",
    "dabei kann ich ihnen nicht helfen",
    "ich kann dir dabei nicht helfen",
    "ich kann ihnen dabei nicht helfen",
    "ich kann diese anfrage nicht",
    // French
    "je ne peux pas vous aider",
    "je ne peux pas t'aider",
    "je ne suis pas en mesure",
    "je ne peux pas répondre à cette demande",
    // Spanish
    "no puedo ayudarte con",
    "no puedo ayudarle con",
    "no puedo proporcionar",
    "no puedo cumplir",
    // Italian, Portuguese, Dutch
    "non posso aiutarti",
    "non posso aiutarla",
    "não posso ajudar",
    "ik kan je daar niet mee helpen",
    "ik kan u daar niet mee helpen",
];

/// What may come before.
const APOLOGIES: &[&str] = &[
    "i'm sorry",
    "i am sorry",
    "sorry",
    "i apologize",
    "unfortunately",
    "es tut mir leid",
    "tut mir leid",
    "leider",
    "entschuldigung",
    "je suis désolé",
    "je suis désolée",
    "désolé",
    "désolée",
    "lo siento",
    "mi dispiace",
    "desculpe",
    "sinto muito",
    "het spijt me",
    "sorry",
];

/// Words that join an apology to what it is for.
const JOINTS: &[&str] = &["but", "aber", "mais", "pero", "ma", "mas", "maar", "for the confusion"];

/// Whether a whole answer begins as refusals do, and is as short.
pub(super) fn begins_like_one(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.len() > REFUSAL_BYTES_MAX {
        return false;
    }
    let text = text.to_lowercase().replace('’', "'");
    let mut rest = text.as_str();
    if let Some(after) =
        APOLOGIES.iter().filter_map(|apology| rest.strip_prefix(apology)).min_by_key(|r| r.len())
    {
        rest = loose(after);
        if let Some(after) = JOINTS.iter().find_map(|joint| rest.strip_prefix(joint)) {
            rest = loose(after);
        }
    }
    BEGINNINGS.iter().any(|beginning| rest.starts_with(beginning))
}

fn loose(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || ",.;:!-–—".contains(c))
}
