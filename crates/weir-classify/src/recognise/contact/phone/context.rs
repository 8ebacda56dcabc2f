use crate::haystack::Haystack;
use crate::numbers::Window;
use crate::words::{Lazy, Words};
use std::ops::Range;

/// The words that make a number of any form a telephone number: one that names a telephone in the
/// neighbourhood, or one that leads up to the number.
pub(super) fn near(haystack: &Haystack<'_>, span: Range<usize>, window: &Window<'_>) -> Option<Range<usize>> {
    if !haystack.may_have_near(&span, &*ANY) {
        return None;
    }
    haystack
        .context(&span, &*TELEPHONES)
        .or_else(|| haystack.context_after(&span, &*PLACES))
        .or_else(|| leading_up(haystack, &span, window))
}

/// `call me at my desk on 355 4292`, `my Israeli number is 09-7625400`: too common words to count from
/// further away than a few small ones.
fn leading_up(haystack: &Haystack<'_>, span: &Range<usize>, window: &Window<'_>) -> Option<Range<usize>> {
    let verb =
        haystack.context_before(span, &*VERBS).filter(|verb| leads(haystack, verb.end, span.start, FILLERS));
    let owner = || {
        haystack.context_before(span, &*OWNERS).filter(|owner| is_number_of(haystack, owner, span, window))
    };
    verb.or_else(owner)
}

fn leads(haystack: &Haystack<'_>, from: usize, to: usize, words: &[&str]) -> bool {
    const WITHIN: usize = 32;
    to - from <= WITHIN && words_of(haystack.slice(from..to)).all(|word| is_in(word, words))
}

/// Between the owner and the number a word for `number`, and none that makes it another kind.
fn is_number_of(
    haystack: &Haystack<'_>,
    owner: &Range<usize>,
    span: &Range<usize>,
    window: &Window<'_>,
) -> bool {
    const WITHIN: usize = 48;
    let between = haystack.slice(owner.end..span.start);
    let says = |list: &[&str]| words_of(between).any(|word| is_in(word, list));
    between.len() <= WITHIN && says(NUMBER) && !says(OTHERS) && window.digits().len() >= 7
}

fn words_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_sign = |b: &u8| b.is_ascii() && !b.is_ascii_alphanumeric() && *b != b'\'';
    text.split(is_sign).filter(|word| !word.is_empty())
}

fn is_in(word: &[u8], list: &[&str]) -> bool {
    list.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// All of the words below: most numbers have none of them near.
static ANY: Lazy =
    Lazy::new(|| Words::new(&[TELEPHONE_WORDS, PLACE_WORDS, VERB_WORDS, OWNER_WORDS].concat()));

/// Words that name a telephone, a line of one, or a message to one.
#[rustfmt::skip]
const TELEPHONE_WORDS: &[&str] = &[
    "phone", "tel", "telephone", "telefon", "telefoon", "teléfono", "téléphone", "telefono", "telefone", "telefón",
    "telefax", "teléf", "telef", "tél", "tlf", "tlph", "puhelin", "puh", "sími", "mobile", "mobil", "mobiel", "móvil", "movil",
    "telemóvel", "telemovel", "cell", "cellphone", "cellular", "cellulare", "celular", "handy", "natel", "gsm", "komórk",
    "matkapuhelin", "kännykkä", "cep tel", "fax", "faks", "télécopie", "whatsapp", "telegram", "viber", "sms", "hotline",
    "landline", "festnetz", "ligne fixe", "fixe", "portable", "vast nummer", "rufnummer", "durchwahl", "rückruf",
    "telefonnummer", "msisdn", "dial", "pager", "voicemail", "call me", "call us", "call him", "call her", "call them",
    "call at", "call back", "callback", "text me", "text him", "text her", "reach me", "reach him", "reach her",
    "reach us", "erreichbar unter", "erreichen sie", "ruf mich", "rufen sie", "numéro de tél", "numero de tel",
    "joignable", "appelez", "appelle", "rappeler", "llámame", "llame al", "llamar al", "chiamami", "chiamare",
    "ligue para", "bel me", "contact number", "contact no", "emergency contact", "registered number", "toll free", "toll-free",
    "switchboard", "helpline", "zadzwoń", "hringdu", "zavolejte",
    "тел", "моб", "звоните", "позвон", "τηλ", "κιν", "טלפון", "טל'", "נייד", "הנייד", "هاتف", "الهاتف", "جوال", "موبايل", "اتصل",
    "تلفن", "फोन", "मोबाइल", "ফোন", "போன்", "โทร", "มือถือ", "điện thoại", "sđt", "di động", "telepon", "no hp", "nomor hp", "telpon",
    "電話", "电话", "手机", "手機", "携帯", "携带", "传真", "전화", "휴대폰", "연락처", "핸드폰", "ファックス",
];
static TELEPHONES: Lazy = Lazy::new(|| Words::new(TELEPHONE_WORDS));

/// What stands behind a number in a signature.
#[rustfmt::skip]
const PLACE_WORDS: &[&str] = &[
        "office", "desk", "direct", "home", "work", "main", "büro", "privat", "bureau", "oficina", "ufficio",
    ];
static PLACES: Lazy = Lazy::new(|| Words::new(PLACE_WORDS));

/// Words that lead up to a number, when only small words come between.
#[rustfmt::skip]
const VERB_WORDS: &[&str] = &[
    "call", "calling", "ring", "text", "reach", "reached", "reachable", "contact", "dial", "message", "messages", "registered",
    "anrufen", "anruf", "erreichbar", "erreichen", "kontakt", "appeler", "contacter", "joindre", "llamar", "contactar", "chiamare",
    "contattare", "ligar", "bellen", "ring til", "soita", "zadzwoń", "позвонить", "звонить",
];
static VERBS: Lazy = Lazy::new(|| Words::new(VERB_WORDS));
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "me", "us", "him", "her", "them", "you", "back", "at", "on", "to", "via", "by", "my", "our", "his", "their", "the", "this", "direct",
    "directly", "number", "no", "nr", "now", "anytime", "today", "please", "registered", "new", "is", "for", "or", "line", "home", "work", "details",
    "unter", "der", "die", "das", "auf", "mich", "uns", "bitte", "nummer", "au", "le", "sur", "numéro", "nous", "moi", "al", "el", "en", "número", "numero",
    "il", "lo", "mi", "ao", "no", "op", "на", "по", "номер", "номеру",
];

/// Whose number it is.
#[rustfmt::skip]
const OWNER_WORDS: &[&str] = &[
    "my", "his", "her", "your", "their", "our", "'s", "’s", "meine", "seine", "ihre", "deine", "unsere", "mon", "son", "votre", "notre",
    "mi", "su", "tu", "il mio", "il suo", "meu", "minha", "seu", "mijn", "zijn", "haar", "min", "mój", "jej", "jego", "мой", "его", "её", "رقمي", "رقمه", "我的", "他的", "她的", "私の", "제",
];
static OWNERS: Lazy = Lazy::new(|| Words::new(OWNER_WORDS));
#[rustfmt::skip]
const NUMBER: &[&str] = &[
    "number", "numbers", "no", "nummer", "numéro", "número", "numero", "numer", "номер", "رقمي", "رقمه", "号码", "番号", "번호는",
];
/// Numbers of things, which other recognisers look after.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "order", "ticket", "case", "reference", "ref", "tracking", "serial", "model", "part", "version", "invoice", "item", "product",
    "account", "policy", "customer", "room", "lucky", "favourite", "favorite", "magic", "port", "line", "page", "process", "total", "random", "prime",
    "large", "largest", "smallest", "natural", "whole", "real", "same", "maximum", "minimum", "exact", "average", "of", "bestell", "auftrags", "rechnungs",
    "commande", "pedido", "ordine", "isbn", "issue", "build", "batch", "lot", "confirmation", "booking", "flight", "card", "routing", "bank", "license",
    "licence", "passport", "security", "tax", "social", "insurance", "member", "employee", "patient", "id", "identification", "registration", "vat",
];
