//! Which language a text is mostly written in.

use crate::lexicon::LANGUAGES;
use crate::scan::{Class, Scan, parts};

/// So many tokens are looked at.
const TOKENS: usize = 150;

/// Frequent short words of languages with Latin letters, without accents.
const WORDS: [(&str, &str); LANGUAGES] = [
    (
        "en",
        "the of and to in is that for it with as was on are this be by at from or an have not which you what how your can i my we do does write a me give these their there has its will would between following please list all into about who when where why",
    ),
    (
        "de",
        "der die das und ist nicht ein eine einen einem einer zu den dem des mit auf fur von im in sich es auch wie was wir ich sie er bei aus nach oder wenn dass werden wird sind hat haben kann mir mein dein diese dieser dieses schreibe uber zum zur als noch nur gib bitte welche warum wer wo",
    ),
    (
        "fr",
        "le la les des et est un une du de que qui dans pour pas sur au aux avec ce cette ces il elle je tu nous vous ne se son sa ses leur ou mais par plus sont etre avoir fait comment quel quelle quels mon ton votre suivant d l qu n s c j donne ecris",
    ),
    (
        "es",
        "el la los las de y que en un una es por con para del se al lo su sus como mas pero este esta estos son fue no si mi tu me nos cual donde quien entre cuando cuanto qu escribe dame sobre siguiente texto porque muy hay",
    ),
    (
        "it",
        "il lo la gli le di e che in un una per con del della dei delle dal nel nella sono come piu ma questo questa non si mi ti ci al alla ai su da ha ho anche cosa quale quanto chi perche scrivi seguente o essere loro l dell un",
    ),
    (
        "pt",
        "o os as de e que em um uma para com do da dos das no na nos nas por se mais como mas este esta isso nao foi sao ao pelo pela seu sua voce eu meu qual quando quem sobre texto seguinte escreva ou muito tem ser",
    ),
    (
        "nl",
        "de het een en van ik te dat die in is niet op zijn aan met voor er maar om hem dan wat hoe wie waar waarom naar door uit bij ook deze dit geef schrijf mijn je jij wij zij heeft kan worden wordt volgende over tot",
    ),
    (
        "sv",
        "och att det som en ett pa ar av for med den till inte har jag du vi de om var hur vad fran eller kan ska skriv mig dig sa men denna detta alla nar efter under",
    ),
    (
        "da",
        "og at det som en et pa er af for med den til ikke har jeg du vi de om var hvordan hvad fra eller kan skal skriv mig dig sa men denne dette alle nar efter blev vaere",
    ),
    (
        "no",
        "og at det som en et pa er av for med den til ikke har jeg du vi de om var hvordan hva fra eller kan skal skriv meg deg sa men denne dette alle nar etter ble vaere",
    ),
    (
        "pl",
        "i w na z ze sie nie jest to do o jak ale dla po od za przez czy co ktory ktora moj twoj byc ma tego tej te ten oraz lub jego jej napisz jaki jakie dlaczego przy",
    ),
    (
        "cs",
        "a se v na je to ze s z do o i jak ale pro po od za by co ktery ktera muj byt ma tento tato nebo jeho jeji napis jake jaky proc pri jsem jsou k u",
    ),
    (
        "fi",
        "ja on ei etta se han mina sina me te he olla oli ovat mita miten kun jos mutta tai kuin myos vain nyt kirjoita minulle kuka missa miksi joka tama nama",
    ),
    (
        "tr",
        "ve bir bu da de icin ile ne mi cok daha var ben sen biz olarak gibi ama en olan o su kadar nasil neden yaz bana hangi degil sonra",
    ),
    (
        "ro",
        "si de la in pe cu un o este nu ce care pentru din mai sa se ca au fost sau dar cum al ale lui ei scrie mi imi unde cand despre sunt",
    ),
    (
        "hu",
        "a az es hogy nem is egy ez meg de van volt mint csak vagy ha mi ki hogyan mit azt irj nekem amely ezt ott kell lesz miert",
    ),
    (
        "hr",
        "i je u na se da su za ne od s sa kao ali ili bi koji koja to sam smo iz po o kako sto zasto napisi moj tvoj ovo",
    ),
    (
        "id",
        "yang dan di ke dari ini itu untuk dengan tidak adalah pada saya anda kami akan bisa atau juga dalam oleh apa bagaimana tulis tentang berikan mengapa siapa",
    ),
    (
        "vi",
        "la va cua co khong cho nay mot nhung trong duoc voi toi ban cac de nhu da thi lam gi hay viet ve nguoi",
    ),
    (
        "ca",
        "el la els les i de que en un una es per amb del al no com mes pero aquest aquesta son meu teu quin quina escriu sobre text seguent perque on",
    ),
    ("tl", "ang ng sa na mga at ay ko mo si ni kung para hindi ito ako ikaw paano ano bakit isulat"),
];

/// Scripts whose texts are taken to be of one language.
const SCRIPTS: [(&str, u32, u32); 13] = [
    ("el", 0x0370, 0x03FF),
    ("ru", 0x0400, 0x052F),
    ("hy", 0x0530, 0x058F),
    ("he", 0x0590, 0x05FF),
    ("ar", 0x0600, 0x06FF),
    ("hi", 0x0900, 0x097F),
    ("bn", 0x0980, 0x09FF),
    ("ta", 0x0B80, 0x0BFF),
    ("th", 0x0E00, 0x0E7F),
    ("ka", 0x10A0, 0x10FF),
    ("ja", 0x3040, 0x30FF),
    ("zh", 0x3400, 0x9FFF),
    ("ko", 0xAC00, 0xD7AF),
];

/// Letters that tell languages of one script apart: the script's language, the language, its letters.
const LETTERS: [(&str, &str, &str); 3] = [("ru", "uk", "іїєґ"), ("ar", "fa", "پچژگ"), ("ar", "ur", "ٹڈڑےں")];

/// The frequent words, each with the place of its language.
pub(crate) fn words() -> impl Iterator<Item = (usize, &'static str)> {
    let of = |(place, (_, words)): (usize, (&str, &'static str))| {
        words.split_whitespace().map(move |word| (place, word))
    };
    WORDS.into_iter().enumerate().flat_map(of)
}

/// The language a text is mostly written in, as in `de`, if enough of it says so.
pub(crate) fn language(text: &str, scan: &Scan) -> Option<&'static str> {
    // Most texts are ASCII.
    let of_script = if scan.counts.foreign > 0 { by_script(text) } else { None };
    of_script.or_else(|| by_words(scan))
}

/// The language of a script that is not Latin, if a third of the first letters of what is read are of it.
fn by_script(text: &str) -> Option<&'static str> {
    let (head, tail) = parts(text);
    let letters_of = || head.chars().chain(tail.chars());
    let (mut counts, mut letters) = ([0_u32; SCRIPTS.len()], 0_u32);
    for letter in letters_of().filter(|letter| letter.is_alphabetic()).take(400) {
        letters += 1;
        let code = u32::from(letter);
        for (count, (_, from, to)) in counts.iter_mut().zip(SCRIPTS) {
            *count += u32::from((from..=to).contains(&code));
        }
    }
    let of = |name: &str| {
        SCRIPTS.iter().zip(counts).find(|((language, ..), _)| *language == name).map_or(0, |(_, count)| count)
    };
    // Japanese is written with Chinese characters besides its own.
    if of("ja") * 8 > of("zh") && of("ja") * 10 > letters {
        return Some("ja");
    }
    let (most, language) =
        SCRIPTS.iter().zip(counts).map(|((language, ..), count)| (count, *language)).max()?;
    if most * 3 < letters || most == 0 {
        return None;
    }
    let near = |(script, _, marks): &&(&str, &str, &str)| {
        *script == language && letters_of().take(800).any(|letter| marks.contains(letter))
    };
    Some(LETTERS.iter().find(near).map_or(language, |(_, other, _)| other))
}

/// The language whose frequent words occur most; a word that several share counts less for each.
fn by_words(scan: &Scan) -> Option<&'static str> {
    let mut votes = [0.0_f32; LANGUAGES];
    for token in scan.tokens.iter().filter(|token| token.class == Class::Word).take(TOKENS) {
        let languages = token.known.languages();
        // Most words that are frequent anywhere are of one language.
        let vote = if languages.is_one() { 1.0 } else { 1.0 / languages.count().pow(2).max(1) as f32 };
        languages.each(|language| {
            if let Some(votes) = votes.get_mut(language) {
                *votes += vote;
            }
        });
    }
    let (most, language) = votes
        .iter()
        .zip(WORDS)
        .map(|(votes, (language, _))| (*votes, language))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (most > 0.2).then_some(language)
}

#[cfg(test)]
mod tests {
    use super::{WORDS, language};
    use crate::lexicon::{Lexicon, encode};
    use crate::scan::scan;

    #[test]
    fn each_language_is_told_by_its_frequent_words() {
        let (_, table) = encode("").unwrap();
        let lexicon = Lexicon::decode(&table).unwrap();
        for (name, words) in WORDS {
            assert_eq!(language(words, &scan(words, &lexicon)), Some(name), "{words}");
        }
        assert_eq!(language("Xqz Vrt", &scan("Xqz Vrt", &lexicon)), None);
    }
}
