use crate::Purpose;
use crate::raw::purpose::RawPurpose;
use crate::report::Report;
use crate::yaml::At;
use weir_audit::{Ident, Name};

/// The most kinds of people: more would not be recorded.
const DATA_SUBJECTS_MAX: usize = 32;

/// What data is processed for, in the order of the file.
pub fn all(raw: &[RawPurpose], report: &mut Report<'_>) -> Option<Vec<Purpose>> {
    let all: Vec<_> = raw.iter().map(|raw| purpose(raw, report)).collect();
    all.into_iter().collect()
}

fn purpose(raw: &RawPurpose, report: &mut Report<'_>) -> Option<Purpose> {
    let RawPurpose { purpose, legal_basis, data_subjects, key, tenant, team, app } = raw;
    let name = Name::new(&purpose.value);
    let is_right = name.as_str() == purpose.value;
    if !is_right {
        let help = "write 1 to 128 bytes without line breaks and other control characters";
        report.error(purpose.place, "records cannot hold this purpose", help);
    }
    if let Some(excess) = data_subjects.get(DATA_SUBJECTS_MAX) {
        let message = format!("`data_subjects` has more than {DATA_SUBJECTS_MAX} entries");
        report.error(excess.place, message, "put some of them together");
        return None;
    }
    let legal_basis = legal_basis.as_ref().map(|basis| basis.take(report));
    let subjects: Vec<_> = data_subjects.iter().map(|subject| subject.take(report)).collect();
    let word = |word: &Option<At<String>>| word.as_ref().map(|word| word.value.clone());
    Some(Purpose {
        legal_basis: match legal_basis {
            Some(basis) => Some(Ident::new(&basis?.0)),
            None => None,
        },
        data_subjects: subjects
            .into_iter()
            .map(|subject| Some(Ident::new(&subject?.0)))
            .collect::<Option<_>>()?,
        key: word(key),
        tenant: word(tenant),
        team: word(team),
        app: word(app),
        purpose: is_right.then_some(name)?,
    })
}
