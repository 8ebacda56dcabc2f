//! The markings: what they say, how distinctive that is, and their level.
//!
//! Sources: FIRST, "Traffic Light Protocol" 2.0; Allgemeine Verwaltungsvorschrift zum Geheimschutz (VSA, Germany);
//! UK Government Security Classifications; US Executive Order 13526 and the CUI registry (32 CFR 2002); NATO C-M(2002)49;
//! Council Decision 2013/488/EU; Instruction générale interministérielle 1300 (France).

use Strength::{Code, Phrase, Word};
use weir_label::Level::{self, Confidential, Internal, Restricted};

/// How distinctive a marking is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// Nothing else is written like this.
    Code,
    /// Several words, which prose has too.
    Phrase,
    /// One word, of which there are other uses.
    Word,
}

/// A marking.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marking {
    pub(super) strength: Strength,
    pub(super) level: Level,
    /// Whether it marks privileged correspondence.
    pub(super) is_legal: bool,
}

/// The marking of these words, which are in lower case with one space between them.
pub(super) fn marking(words: &str) -> Option<Marking> {
    let at = MARKINGS.binary_search_by_key(&words, |(known, ..)| known).ok()?;
    let (_, strength, level, is_legal) = *MARKINGS.get(at)?;
    Some(Marking { strength, level, is_legal })
}

/// What they say.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    MARKINGS.iter().map(|(words, ..)| *words)
}

/// Bytes of the longest of them.
pub(super) const LONGEST: usize = longest();

const fn longest() -> usize {
    let (mut longest, mut rest) = (0, MARKINGS);
    while let [(words, ..), more @ ..] = rest {
        longest = if words.len() > longest { words.len() } else { longest };
        rest = more;
    }
    longest
}

/// In the order of their bytes.
#[rustfmt::skip]
const MARKINGS: &[(&str, Strength, Level, bool)] = &[
    ("ad uso interno", Phrase, Internal, false),
    ("alleen voor intern gebruik", Phrase, Internal, false),
    ("altamente confidencial", Phrase, Restricted, false),
    ("alto secreto", Phrase, Restricted, false),
    ("anwaltlich privilegiert", Phrase, Confidential, true),
    ("anwaltsgeheimnis", Phrase, Confidential, true),
    ("apenas para uso interno", Phrase, Internal, false),
    ("attorney client communication", Phrase, Confidential, true),
    ("attorney client privilege", Phrase, Confidential, true),
    ("attorney client privileged", Phrase, Confidential, true),
    ("attorney client privileged & confidential", Phrase, Confidential, true),
    ("attorney client privileged communication", Phrase, Confidential, true),
    ("attorney work product", Phrase, Confidential, true),
    ("begrenset", Code, Confidential, false),
    ("bizalmas", Word, Confidential, false),
    ("business confidential", Phrase, Confidential, false),
    ("commercial in confidence", Phrase, Confidential, false),
    ("company confidential", Phrase, Confidential, false),
    ("company internal", Phrase, Internal, false),
    ("comunicación abogado cliente", Phrase, Confidential, true),
    ("comunicazione avvocato cliente", Phrase, Confidential, true),
    ("confidencial", Word, Confidential, false),
    ("confidential", Word, Confidential, false),
    ("confidential & proprietary", Phrase, Confidential, false),
    ("confidential and privileged", Phrase, Confidential, true),
    ("confidential and proprietary", Phrase, Confidential, false),
    ("confidential do not distribute", Phrase, Confidential, false),
    ("confidential document", Phrase, Confidential, false),
    ("confidential draft", Phrase, Confidential, false),
    ("confidential information", Phrase, Confidential, false),
    ("confidential noforn", Code, Restricted, false),
    ("confidential not for distribution", Phrase, Confidential, false),
    ("confidential treatment requested", Phrase, Confidential, false),
    ("confidential under nda", Phrase, Confidential, false),
    ("confidentiel", Word, Confidential, false),
    ("confidentiel défense", Phrase, Restricted, false),
    ("confidentiel ue", Code, Restricted, false),
    ("confidentielle", Word, Confidential, false),
    ("confidenziale", Word, Confidential, false),
    ("controlled unclassified information", Code, Confidential, false),
    ("correspondance avocat client", Phrase, Confidential, true),
    ("cosmic top secret", Code, Restricted, false),
    ("couvert par le secret professionnel", Phrase, Confidential, true),
    ("de uso interno", Phrase, Internal, false),
    ("departementaal vertrouwelijk", Code, Confidential, false),
    ("der anwaltlichen schweigepflicht unterliegend", Phrase, Confidential, true),
    ("diffusion interne", Phrase, Internal, false),
    ("diffusion restreinte", Code, Confidential, false),
    ("diffusione limitata", Code, Confidential, false),
    ("difusión limitada", Code, Confidential, false),
    ("do not distribute", Phrase, Confidential, false),
    ("do użytku wewnętrznego", Phrase, Internal, false),
    ("document confidentiel", Phrase, Confidential, false),
    ("documento confidencial", Phrase, Confidential, false),
    ("documento confidenziale", Phrase, Confidential, false),
    ("documento riservato", Phrase, Confidential, false),
    ("dokument poufny", Phrase, Confidential, false),
    ("důvěrné", Word, Confidential, false),
    ("endast för internt bruk", Phrase, Internal, false),
    ("estrictamente confidencial", Phrase, Restricted, false),
    ("estritamente confidencial", Phrase, Restricted, false),
    ("eu confidential", Code, Restricted, false),
    ("eu restricted", Code, Confidential, false),
    ("eu secret", Code, Restricted, false),
    ("eu top secret", Code, Restricted, false),
    ("firmenvertraulich", Phrase, Confidential, false),
    ("for internal use", Phrase, Internal, false),
    ("for internal use only", Phrase, Internal, false),
    ("for official use only", Code, Confidential, false),
    ("fortrolig", Word, Confidential, false),
    ("geheim", Word, Restricted, false),
    ("gizli", Word, Confidential, false),
    ("hautement confidentiel", Phrase, Restricted, false),
    ("hemlig", Word, Restricted, false),
    ("hemmelig", Word, Restricted, false),
    ("highly confidential", Phrase, Restricted, false),
    ("highly restricted", Phrase, Restricted, false),
    ("internal and confidential", Phrase, Internal, false),
    ("internal distribution only", Phrase, Internal, false),
    ("internal document", Phrase, Internal, false),
    ("internal only", Phrase, Internal, false),
    ("internal use only", Phrase, Internal, false),
    ("konfidentiell", Word, Confidential, false),
    ("kun til intern bruk", Phrase, Internal, false),
    ("kun til internt brug", Phrase, Internal, false),
    ("law enforcement sensitive", Code, Confidential, false),
    ("legal privilege", Phrase, Confidential, true),
    ("legal professional privilege", Phrase, Confidential, true),
    ("legally privileged", Phrase, Confidential, true),
    ("luottamuksellinen", Word, Confidential, false),
    ("most confidential", Phrase, Restricted, false),
    ("nato confidential", Code, Restricted, false),
    ("nato restricted", Code, Confidential, false),
    ("nato secret", Code, Restricted, false),
    ("nda confidential", Phrase, Confidential, false),
    ("not for distribution", Phrase, Confidential, false),
    ("not for public release", Phrase, Confidential, false),
    ("nur für den dienstgebrauch", Code, Confidential, false),
    ("nur für den dienstgebrauch intern", Phrase, Internal, false),
    ("nur für den internen gebrauch", Phrase, Internal, false),
    ("nur für internen gebrauch", Phrase, Internal, false),
    ("nur zum internen gebrauch", Phrase, Internal, false),
    ("nur zur internen verwendung", Phrase, Internal, false),
    ("official sensitive", Code, Confidential, false),
    ("poufne", Word, Confidential, false),
    ("private & confidential", Phrase, Confidential, false),
    ("private and confidential", Phrase, Confidential, false),
    ("privileged & confidential", Phrase, Confidential, true),
    ("privileged and confidential", Phrase, Confidential, true),
    ("privileged and confidential attorney client communication", Phrase, Confidential, true),
    ("privileged attorney client communication", Phrase, Confidential, true),
    ("proprietary", Word, Confidential, false),
    ("proprietary & confidential", Phrase, Confidential, false),
    ("proprietary and confidential", Phrase, Confidential, false),
    ("proprietary information", Phrase, Confidential, false),
    ("přísně důvěrné", Phrase, Restricted, false),
    ("přísně tajné", Phrase, Restricted, false),
    ("reservada", Word, Confidential, false),
    ("reservado", Word, Confidential, false),
    ("restreint ue", Code, Confidential, false),
    ("restricted", Word, Restricted, false),
    ("riservata", Word, Confidential, false),
    ("riservatissimo", Phrase, Restricted, false),
    ("riservato", Word, Confidential, false),
    ("salainen", Word, Restricted, false),
    ("secret", Word, Restricted, false),
    ("secret and confidential", Phrase, Restricted, false),
    ("secret défense", Phrase, Restricted, false),
    ("secret noforn", Code, Restricted, false),
    ("secret professionnel de l'avocat", Phrase, Confidential, true),
    ("secret professionnel de l’avocat", Phrase, Confidential, true),
    ("secret rel to", Code, Restricted, false),
    ("secret ue", Code, Restricted, false),
    ("secreto", Word, Restricted, false),
    ("secreto profesional", Phrase, Confidential, true),
    ("segretissimo", Phrase, Restricted, false),
    ("segreto", Word, Restricted, false),
    ("segreto professionale", Phrase, Confidential, true),
    ("sensitive but unclassified", Code, Confidential, false),
    ("sigilo profissional", Phrase, Confidential, true),
    ("solicitor client privilege", Phrase, Confidential, true),
    ("solo para uso interno", Phrase, Internal, false),
    ("solo per uso interno", Phrase, Internal, false),
    ("somente para uso interno", Phrase, Internal, false),
    ("stg confidentieel", Code, Restricted, false),
    ("stg geheim", Code, Restricted, false),
    ("stg zeer geheim", Code, Restricted, false),
    ("streng geheim", Phrase, Restricted, false),
    ("streng vertraulich", Phrase, Restricted, false),
    ("streng vertrauliches dokument", Phrase, Confidential, false),
    ("strengt fortrolig", Phrase, Restricted, false),
    ("strengt hemmelig", Phrase, Restricted, false),
    ("strettamente confidenziale", Phrase, Restricted, false),
    ("strettamente riservato", Phrase, Restricted, false),
    ("strictement confidentiel", Phrase, Restricted, false),
    ("strictement confidentielle", Phrase, Restricted, false),
    ("strictly confidential", Phrase, Restricted, false),
    ("strictly private & confidential", Phrase, Restricted, false),
    ("strictly private and confidential", Phrase, Restricted, false),
    ("strictly secret", Phrase, Restricted, false),
    ("strikt vertrouwelijk", Phrase, Restricted, false),
    ("strängt konfidentiellt", Phrase, Restricted, false),
    ("subject to legal privilege", Phrase, Confidential, true),
    ("tajne", Word, Restricted, false),
    ("tajné", Word, Restricted, false),
    ("tlp: amber", Code, Confidential, false),
    ("tlp: amber+strict", Code, Restricted, false),
    ("tlp: green", Code, Internal, false),
    ("tlp: red", Code, Restricted, false),
    ("tlp:amber", Code, Confidential, false),
    ("tlp:amber+strict", Code, Restricted, false),
    ("tlp:green", Code, Internal, false),
    ("tlp:red", Code, Restricted, false),
    ("top secret", Phrase, Restricted, false),
    ("top secret sci", Code, Restricted, false),
    ("très secret", Phrase, Restricted, false),
    ("très secret ue", Code, Restricted, false),
    ("uk secret", Code, Restricted, false),
    ("uk top secret", Code, Restricted, false),
    ("usage interne", Phrase, Internal, false),
    ("usage interne uniquement", Phrase, Internal, false),
    ("uso esclusivamente interno", Phrase, Internal, false),
    ("uso interno", Phrase, Internal, false),
    ("uso riservato", Phrase, Confidential, false),
    ("vertraulich", Word, Confidential, false),
    ("vertraulich behandeln", Phrase, Confidential, false),
    ("vertrauliches dokument", Phrase, Confidential, false),
    ("vertrouwelijk", Word, Confidential, false),
    ("vertrouwelijk advocaat cliënt", Phrase, Confidential, true),
    ("vertrouwelijk document", Phrase, Confidential, false),
    ("voor intern gebruik", Phrase, Internal, false),
    ("vs geheim", Code, Restricted, false),
    ("vs nfd", Code, Confidential, false),
    ("vs nur für den dienstgebrauch", Code, Confidential, false),
    ("vs vertraulich", Code, Restricted, false),
    ("wyłącznie do użytku wewnętrznego", Phrase, Internal, false),
    ("ytterst konfidentiellt", Phrase, Restricted, false),
    ("zastrzeżone", Code, Confidential, false),
    ("zeer geheim", Phrase, Restricted, false),
    ("à usage interne", Phrase, Internal, false),
    ("çok gizli", Phrase, Restricted, false),
    ("ściśle poufne", Phrase, Restricted, false),
    ("ściśle tajne", Phrase, Restricted, false),
    ("απόρρητο", Word, Restricted, false),
    ("εμπιστευτικό", Word, Confidential, false),
    ("для внутреннего использования", Phrase, Internal, false),
    ("для службового користування", Phrase, Confidential, false),
    ("для служебного пользования", Phrase, Confidential, false),
    ("конфиденциально", Word, Confidential, false),
    ("конфіденційно", Word, Confidential, false),
    ("секретно", Word, Restricted, false),
    ("совершенно секретно", Phrase, Restricted, false),
    ("строго конфиденциально", Phrase, Restricted, false),
    ("цілком таємно", Word, Restricted, false),
    ("סודי", Word, Confidential, false),
    ("סודי ביותר", Word, Restricted, false),
    ("سري", Word, Confidential, false),
    ("سري للغاية", Phrase, Restricted, false),
    ("للاستخدام الداخلي فقط", Phrase, Internal, false),
    ("仅供内部使用", Phrase, Internal, false),
    ("内部资料", Phrase, Internal, false),
    ("机密", Word, Confidential, false),
    ("極秘", Word, Restricted, false),
    ("機密", Word, Confidential, false),
    ("社内限り", Phrase, Internal, false),
    ("社外秘", Word, Confidential, false),
    ("秘密", Word, Confidential, false),
    ("绝密", Word, Restricted, false),
    ("部外秘", Word, Confidential, false),
    ("관계자외비", Phrase, Internal, false),
    ("기밀", Word, Confidential, false),
    ("대외비", Word, Confidential, false),
    ("최고기밀", Word, Restricted, false),
];

/// What every marking has one of, without the first letter where that may be small or not.
#[rustfmt::skip]
pub(super) const ANCHORS: &[&str] = &[
    "użytku wewn", "UŻYTKU WEWN", "izli", "IZLI", "nforcement sens", "NFORCEMENT SENS", "μπιστευτ", "ΜΠΙΣΤΕΥΤ", "СЛУЖБОВ",
    "onfiden", "ONFIDEN", "ertraulich", "ERTRAULICH", "eheim", "EHEIM", "ienstgebrauch", "ntern",
    "NTERN", "ecret", "ECRET", "estrict", "ESTRICT", "estreint", "ESTREINT", "iservat",
    "ISERVAT", "egret", "EGRET", "eservad", "ESERVAD", "oufn", "OUFN", "astrzeż",
    "ASTRZEŻ", "ajn", "AJN", "ortrolig", "ORTROLIG", "emlig", "EMLIG", "emmelig",
    "EMMELIG", "alainen", "ALAINEN", "ertrouwelijk", "ERTROUWELIJK", "roprietary", "ROPRIETARY", "fficial",
    "FFICIAL", "iffusion", "IFFUSION", "ifusión", "IFUSIÓN", "istribut", "ISTRIBUT", "izalmas",
    "IZALMAS", "uottamuks", "UOTTAMUKS", "ůvěrn", "ŮVĚRN", "egrenset", "EGRENSET", "nclassified",
    "NCLASSIFIED", "or public release", "OR PUBLIC RELEASE", "VS-N", "VS - N", "VS-V", "VS-G", "TLP:",
    "GİZLİ", "Gizli", "екретно", "ЕКРЕТНО", "онфиден", "ОНФИДЕН", "конфіден", "КОНФІДЕН",
    "лужебн", "ЛУЖЕБН", "службов", "нутренн", "НУТРЕНН", "таємно", "ТАЄМНО", "πόρρητο",
    "ΠΌΡΡΗΤΟ", "机密", "機密", "秘密", "绝密", "極秘", "社外秘", "部外秘",
    "内部资料", "内部使用", "社内限り", "기밀", "외비", "سري", "الداخلي", "סודי",
    "STG",
];

#[rustfmt::skip]
pub(super) const LEGAL_ANCHORS: &[&str] = &[
    "rivileg", "RIVILEG", "ork product", "ORK PRODUCT", "chweigepflicht", "CHWEIGEPFLICHT", "nwaltsgeheimnis", "NWALTSGEHEIMNIS",
    "ecret professionnel", "ECRET PROFESSIONNEL", "bogado cliente", "BOGADO CLIENTE", "bogado-cliente", "BOGADO-CLIENTE", "vocat", "VOCAT",
    "dvocaat", "DVOCAAT", "ecreto profesional", "ECRETO PROFESIONAL", "egreto professionale", "EGRETO PROFESSIONALE", "igilo profissional", "IGILO PROFISSIONAL",
    "ttorney-client", "TTORNEY-CLIENT", "ttorney client", "TTORNEY CLIENT",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marking_has_an_anchor_and_its_place() {
        assert!(MARKINGS.is_sorted_by_key(|(words, ..)| *words));
        for (words, _, _, is_legal) in MARKINGS {
            let anchors = if *is_legal { LEGAL_ANCHORS } else { ANCHORS };
            let capitals = words.to_uppercase().replace("VS ", "VS-");
            // Of a code the capitals are part.
            let is_code = words.starts_with("tlp") || words.starts_with("vs ");
            let small = if is_code { capitals.as_str() } else { words };
            for written in [small, &capitals] {
                let hyphened = written.replace(' ', "-");
                let is_found = |text: &str| anchors.iter().any(|anchor| text.contains(anchor));
                assert!(is_found(written) || is_found(&hyphened), "`{written}` has no anchor");
            }
        }
    }
}
