//! "Did you mean".

/// The known word that is closest to what was written, as a sentence, if one is close.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(written, known).map(|closest| format!("did you mean `{closest}`?"))
}

/// The known word that is closest to what was written, if one is close.
pub fn closest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (written.chars().count() / 3).max(1);
    let (_, closest) = known
        .into_iter()
        .map(|word| (edits(&written.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(edits, _)| *edits <= allowed)
        .min()?;
    Some(closest)
}

/// The known words, for when none is close.
pub fn known_are<'a>(known: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN_MAX: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    let shown: Vec<String> = known.iter().take(SHOWN_MAX).map(|word| format!("`{word}`")).collect();
    let more = if known.len() > SHOWN_MAX { ", …" } else { "" };
    format!("known: {}{more}", shown.join(", "))
}

/// The closest known word, else all of them.
pub fn suggest<'a>(written: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    did_you_mean(written, known.clone()).unwrap_or_else(|| known_are(known))
}

/// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`.
///
/// Source: the optimal string alignment distance, a restriction of Damerau and Levenshtein's.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&above, j) + usize::from(x != y);
            let mut least = replaced.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_is_one_edit_and_a_stranger_is_not_suggested() {
        assert_eq!(edits("lcoal", "local"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(did_you_mean("lcoal", ["cloud", "local"]).as_deref(), Some("did you mean `local`?"));
        assert_eq!(did_you_mean("xyzzy", ["cloud", "local"]), None);
    }
}
