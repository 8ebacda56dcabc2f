//! The word lists, and the lexicon made from them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use weir_names::{Known, plain_words};

/// Entries by class and locale.
#[derive(Debug, Default)]
pub struct Lists {
    entries: BTreeMap<(String, String), Vec<String>>,
}

/// Words that many lists of names hold, and that hardly ever are one.
const NO_NAMES: &str = "an in my so do see the has my yes no or of and to at is it be by we he she they you al la le de da du el der die das \
    del des dos van von den ten i un une los las il lo per con para est on en et y e o a ha ve tu te se si ni na ma ja je ich du er sie";
const PARTICLES: &str = "de da do dos das del della di du des la le van von der den ten ter zu zur af av bin bint ibn ben al el st y e mac o d";
const LEGAL: &str = "inc incorporated corp corporation ltd limited llc llp plc gmbh ag kg ohg ug se sa sas sarl spa srl nv bv oy ab as aps \
    co company group holding holdings bank university institute ministry department association foundation partners ventures fund trust etf";
const TITLES: &str = "mr mrs ms miss dr prof sir madam herr frau fräulein monsieur madame mademoiselle m mme mlle maître sr sra srta \
    señor señora signor signora sig dott avv dhr mevr mw meneer mevrouw dona dom senhor senhora dra doutor mister messrs judge justice \
    captain sergeant officer lieutenant president senator rep gov pastor father brother sister uncle aunt aunty king queen prince princess lord lady \
    capt lt sgt col gen maj cpl captain colonel general major corporal caporal capitaine sergent lieutenant commandant colonel général \
    juge avocat avocate cabo sargento capitán teniente coronel comandante juez jueza abogado abogada magistrado fiscal testigo témoin saint st san \
    hauptmann richter richterin rechtsanwalt rechtsanwältin kapitein rechter advocaat capitano giudice avvocato juiz advogado";
/// Roles that contracts and minutes give to people, written with a capital there.
const ROLES: &str = "borrower lender agent guarantor landlord tenant lessee lessor licensee licensor purchaser seller buyer executive \
    employee employer contractor consultant trustee grantor mortgagor assignee secretary chairman chairwoman president witness plaintiff \
    defendant claimant respondent applicant appellant petitioner";
const TECHNICAL: &str = "python java rust ruby go perl julia pascal haskell ada linux unix windows docker kubernetes github gitlab google \
    microsoft amazon apple oracle mysql postgres postgresql sqlite redis kafka apache nginx node react angular vue django flask json xml \
    html css sql yaml toml utf ascii unicode http https tcp udp ip dns api sdk cli gui cpu gpu ram ssd usb levenshtein dijkstra bayes \
    bayesian gaussian gauss euler fourier laplace markov poisson bernoulli newton hamming huffman turing boolean fibonacci hermitian \
    jaccard jaro winkler cholesky householder hilbert riemann lagrange hessian jacobian kalman monte carlo merkle bloom luhn knuth \
    openai anthropic claude gemini llama mistral gpt chatgpt markdown bash zsh emacs vim tokio serde cargo crate npm pip jenkins \
    grafana prometheus elasticsearch mongodb cassandra hadoop spark airflow jupyter numpy pandas scipy tensorflow pytorch keras";

impl Lists {
    /// Reads the lists that `training/lexicons.py` wrote.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut lists = Self::default();
        for line in text.lines() {
            let mut fields = line.splitn(3, '\t');
            if let (Some(class), Some(locale), Some(entry)) = (fields.next(), fields.next(), fields.next()) {
                lists
                    .entries
                    .entry((class.to_owned(), locale.to_owned()))
                    .or_default()
                    .push(entry.to_owned());
            }
        }
        Ok(lists)
    }

    /// The entries of a class in the locales of a language.
    pub fn of<'a>(&'a self, class: &'a str, language: &'a str) -> impl Iterator<Item = &'a str> {
        let of = move |((c, l), _): &(&(String, String), _)| {
            c == class && (language.is_empty() || l.get(..2) == Some(language))
        };
        self.entries.iter().filter(of).flat_map(|(_, entries)| entries.iter().map(String::as_str))
    }

    /// Every word with its properties.
    pub fn lexicon(&self) -> BTreeMap<String, Known> {
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        let mut add = |entry: &str, property: Known| {
            for word in plain_words(entry) {
                let old = known.entry(word).or_default();
                *old = old.with(property);
            }
        };
        for (class, property) in [("given", Known::GIVEN), ("surname", Known::SURNAME)] {
            self.of(class, "").for_each(|entry| add(entry, property));
        }
        self.frequent("given", 1200).iter().for_each(|entry| add(entry, Known::GIVEN_FREQUENT));
        self.frequent("surname", 3000).iter().for_each(|entry| add(entry, Known::SURNAME_FREQUENT));
        for (class, property) in [
            ("common", Known::COMMON),
            ("uncommon", Known::UNCOMMON),
            ("stop", Known::FUNCTION),
            ("place", Known::PLACE),
            ("country", Known::COUNTRY),
            ("demonym", Known::COUNTRY),
            ("legal", Known::LEGAL),
            ("date", Known::DATE),
            ("title", Known::TITLE),
        ] {
            self.of(class, "").for_each(|entry| add(entry, property));
        }
        for language in ["de", "fr", "es", "it", "nl", "pt"] {
            self.of("job", language).for_each(|entry| add(entry, Known::FOREIGN));
        }
        for language in ["de", "fr", "es", "it", "nl", "pt"] {
            self.of("word", language).for_each(|entry| add(entry, Known::FOREIGN));
        }
        for (words, property) in [
            (PARTICLES, Known::PARTICLE),
            (LEGAL, Known::LEGAL),
            (TITLES, Known::TITLE),
            (ROLES, Known::ROLE),
            (TECHNICAL, Known::TECHNICAL),
        ] {
            add(words, property);
        }
        let names =
            Known::GIVEN.with(Known::GIVEN_FREQUENT).with(Known::SURNAME).with(Known::SURNAME_FREQUENT);
        for word in plain_words(NO_NAMES) {
            known.entry(word).and_modify(|known| *known = known.without(names));
        }
        known.retain(|word, _| {
            word.chars().count() > 1 || matches!(word.as_str(), "a" | "i" | "y" | "o" | "e" | "d" | "m")
        });
        known
    }

    /// The first entries of the census, and what several locales list.
    fn frequent<'a>(&'a self, class: &'a str, ranks: usize) -> Vec<&'a str> {
        let census =
            self.entries.iter().filter(|((c, locale), _)| c == class && locale.starts_with("census"));
        let first = census.flat_map(|(_, entries)| entries.iter().take(ranks).map(String::as_str));
        let mut locales: BTreeMap<&str, usize> = BTreeMap::new();
        self.of(class, "").for_each(|entry| *locales.entry(entry).or_default() += 1);
        let shared = locales.into_iter().filter(|(_, count)| *count > 5).map(|(entry, _)| entry);
        first.chain(shared).collect()
    }
}
