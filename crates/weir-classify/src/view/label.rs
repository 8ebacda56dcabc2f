/// Bytes before a value in which its label ends.
const LABEL_MAX: usize = 24;

/// Whether what begins at `at` is introduced as a value: `IBAN: `, `number = `, `the card is `.
pub(crate) fn is_labelled(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let before =
        before.get(before.ceil_char_boundary(before.len().saturating_sub(LABEL_MAX))..).unwrap_or_default();
    let is_around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | '[' | '*' | '.');
    let before = before.trim_end_matches(is_around);
    let word = before.rsplit(|c: char| !c.is_alphanumeric() && c != '°').next().unwrap_or_default();
    before.ends_with([':', '=', '#', '>']) || LABELS.iter().any(|label| label.eq_ignore_ascii_case(word))
}

/// Words between what a value is and the value, in English, German, French, Spanish and Italian.
const LABELS: [&str; 21] = [
    "is", "was", "are", "number", "no", "nr", "num", "id", "ist", "lautet", "nummer", "est", "numéro", "n°",
    "es", "número", "numero", "è", "é", "with", "by",
];
