use crate::keys::Environment;
use zeroize::Zeroizing;

const ID_CHARS: usize = 8;

/// 24 of 62: 142 bits.
const SECRET_CHARS: usize = 24;

const ID_ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const SECRET_ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A freshly made key: `wk_live_<id>_<secret>`.
pub(super) struct FreshKey {
    pub(super) id: String,
    pub(super) text: Zeroizing<String>,
}

impl FreshKey {
    pub(super) fn generate(environment: Environment) -> Result<Self, getrandom::Error> {
        let id = random(ID_ALPHABET, ID_CHARS)?;
        let secret = random(SECRET_ALPHABET, SECRET_CHARS)?;
        let text = Zeroizing::new(["wk_", environment.as_str(), "_", &id, "_", &secret].concat());
        Ok(Self { id: id.to_string(), text })
    }
}

/// The id in the text of a key, or `None` when it cannot be one.
pub(super) fn id_of_key(text: &str) -> Option<&str> {
    let (id, secret) = after_environment(text)?.split_once('_')?;
    (is_id(id) && is_of(SECRET_ALPHABET, SECRET_CHARS, secret)).then_some(id)
}

/// The id in what a person may call a key: the id, the prefix shown in lists, or all of it.
pub(super) fn id_of_name(text: &str) -> Option<&str> {
    let id = after_environment(text).unwrap_or(text);
    let id = id.split_once('_').map_or(id, |(id, _secret)| id);
    is_id(id).then_some(id)
}

fn after_environment(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("wk_")?;
    Environment::ALL.iter().find_map(|environment| rest.strip_prefix(environment.as_str())?.strip_prefix('_'))
}

fn is_id(text: &str) -> bool {
    is_of(ID_ALPHABET, ID_CHARS, text)
}

fn is_of(alphabet: &[u8], chars: usize, text: &str) -> bool {
    text.len() == chars && text.bytes().all(|byte| alphabet.contains(&byte))
}

fn random(alphabet: &[u8], chars: usize) -> Result<Zeroizing<String>, getrandom::Error> {
    let mut text = Zeroizing::new(String::with_capacity(chars));
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < chars {
        getrandom::fill(bytes.as_mut())?;
        let drawn = bytes.iter().filter_map(|byte| letter(alphabet, *byte));
        let missing = chars - text.len();
        text.extend(drawn.take(missing));
    }
    Ok(text)
}

/// One letter, each equally likely, or none: a byte past the last whole multiple of the alphabet
/// would favour its first letters.
fn letter(alphabet: &[u8], byte: u8) -> Option<char> {
    let byte = usize::from(byte);
    let whole = 256 - 256 % alphabet.len();
    if byte >= whole {
        return None;
    }
    alphabet.get(byte % alphabet.len()).copied().map(char::from)
}
