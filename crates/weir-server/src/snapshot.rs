use crate::counters::Counters;
use crate::detect::Detectors;
use crate::encoder::Encoder;
use crate::extract::Extractors;
use crate::indexes::{Indexes, index_of};
use crate::source::{FindError, Found, Origin, Sources, plain};
use crate::way;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_audit::Ident;
use weir_classify::{Engine, SettingsError};
use weir_config::{Backend, BaseUrl, Loaded, Model, Problems, Secret, Secrets, Source};
use weir_egress::{CloudBackend, TokenSource, TokenSourceError};
use weir_label::ZoneKind;
use weir_local::{Credential, Endpoint, EndpointError, LocalBackend};
use weir_policy::TargetId;
use zeroize::Zeroizing;

/// Everything that both files say, ready to use. One request is decided under one snapshot.
#[derive(Debug)]
pub struct Snapshot {
    /// The files as values.
    pub loaded: Loaded,
    /// The inspection engine with the policy's data section.
    pub engine: Engine,
    /// The digests of both, as records name them.
    pub(crate) words: Words,
    /// The detectors that are asked besides.
    pub(crate) detectors: Detectors,
    /// What is asked for the task type where the embedded model is unsure.
    pub(crate) encoder: Option<Encoder>,
    /// What the tokens of requests are counted with.
    pub(crate) counters: Counters,
    /// The programs that give the text of attachments.
    pub(crate) extractors: Extractors,
    /// The files that the two name: secrets, certificates, term lists, indexes.
    pub(crate) files: Vec<PathBuf>,
    /// What is kept of the policy, so that it can be put in force again.
    pub(crate) policy: PolicyText,
    /// The indexes that the policy names.
    pub(crate) indexes: Indexes,
    /// Of the configuration and all files that it names: secrets too, which its digest in records leaves out.
    config_contents: [u8; 32],
    /// Of the policy, but for the files that it names.
    policy_contents: [u8; 32],
    doors: Arc<BTreeMap<Arc<str>, Door>>,
    /// Which backend and which of its models each target is, by the target's place in the catalogue.
    served: Vec<(usize, usize)>,
}

/// A policy with all that belongs to it, but for indexes: those are large, and stay where they are.
#[derive(Debug, Clone)]
pub(crate) struct PolicyText {
    pub path: PathBuf,
    pub text: String,
    pub cases: Vec<(PathBuf, String)>,
    /// Whole paths of the files that it names, and their text.
    pub files: BTreeMap<PathBuf, String>,
    pub origin: Origin,
}

impl PolicyText {
    /// The same with another text, or other cases, in their place.
    pub fn with(&self, text: Option<String>, cases: Option<String>) -> Self {
        let text = text.unwrap_or_else(|| self.text.clone());
        let cases = match cases {
            Some(cases) => vec![(self.path.with_extension("test.yaml"), cases)],
            None => self.cases.clone(),
        };
        Self { text, cases, ..self.clone() }
    }

    /// The same as it would be found.
    pub fn found(&self) -> Found {
        let files = self.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
        Found::kept(
            self.path.clone(),
            self.text.clone(),
            self.cases.clone(),
            files.collect(),
            self.origin.clone(),
        )
    }
}

/// What every record of a snapshot has in common.
#[derive(Debug)]
pub(crate) struct Words {
    pub policy: Ident,
    pub config: Ident,
    pub scanner: Ident,
}

/// The way to one backend.
#[derive(Debug)]
pub(crate) enum Door {
    Local(LocalBackend),
    /// With the source of the tokens that it is shown, if it takes any.
    Cloud(CloudBackend, Option<Box<TokenSource>>),
}

/// Why two files make no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The configuration cannot be read.
    #[error("cannot read `{path}`: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The policy cannot be had, or not trusted.
    #[error(transparent)]
    Policy(#[from] FindError),
    /// It is signed, and older than one that was taken up.
    #[error(
        "the policy is signed as version {version}, and version {newest} was taken up before; sign it again \
         with a higher version than {newest}"
    )]
    Older {
        /// The version it says it is.
        version: u64,
        /// The newest that was taken up.
        newest: u64,
    },
    /// A policy that was in force cannot be put in force again.
    #[error("the policy `{revision}`, which was in force, cannot be used again: {reason}")]
    Kept {
        /// Its revision.
        revision: String,
        /// Why.
        reason: String,
    },
    /// The cases beside the policy do not pass.
    #[error("{} of the policy's cases failed: {}", .0.len(), .0.join("; "))]
    Cases(Vec<String>),
    /// The proof found requests that would go where they may not.
    #[error("the policy cannot be proved: {}; `weir policy prove` shows the requests", .0.join("; "))]
    Unproved(Vec<String>),
    /// What the files say is wrong.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The data section cannot be compiled.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The tokens that a backend is shown cannot be had as configured.
    #[error("backend `{backend}`: {source}")]
    Tokens {
        /// Its name.
        backend: Arc<str>,
        /// Why not.
        source: TokenSourceError,
    },
    /// A backend cannot be reached as configured.
    #[error("backend `{backend}`: {source}")]
    Endpoint {
        /// The backend.
        backend: Arc<str>,
        /// What is wrong with it.
        source: EndpointError,
    },
}

impl Snapshot {
    /// Reads and checks both files. Connects to nothing.
    ///
    /// # Errors
    /// [`SnapshotError`], with every problem of both files at once.
    pub fn load(sources: &Sources) -> Result<Self, SnapshotError> {
        Self::load_after(sources, &Indexes::default())
    }

    /// The same, taking over those indexes of `known` whose files have not changed.
    pub(crate) fn load_after(sources: &Sources, known: &Indexes) -> Result<Self, SnapshotError> {
        let config = read(&sources.config)?;
        let found = Found::find(&sources.config, &sources.settings().0)?;
        Self::of(&sources.config, &config, &found, known, from_environment())
    }

    /// The same without the secrets that the configuration names, for checks that send nothing: in CI, or on the
    /// machine of who writes policies.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_without_secrets(sources: &Sources) -> Result<Self, SnapshotError> {
        let config = read(&sources.config)?;
        let found = Found::find(&sources.config, &sources.settings().0)?;
        Self::of(&sources.config, &config, &found, &Indexes::default(), Secrets::None)
    }

    /// Another policy under the configuration as it is on the disk.
    pub(crate) fn load_with(
        sources: &Sources,
        policy: &PolicyText,
        known: &Indexes,
    ) -> Result<Self, SnapshotError> {
        Self::of(&sources.config, &read(&sources.config)?, &policy.found(), known, from_environment())
    }

    /// The same without secrets.
    pub(crate) fn load_kept(
        sources: &Sources,
        policy: &PolicyText,
        known: &Indexes,
    ) -> Result<Self, SnapshotError> {
        Self::of(&sources.config, &read(&sources.config)?, &policy.found(), known, Secrets::None)
    }

    fn of(
        path: &Path,
        config: &str,
        found: &Found,
        known: &Indexes,
        secrets: Secrets<'_>,
    ) -> Result<Self, SnapshotError> {
        let (files, contents) = (RefCell::new(Vec::new()), RefCell::new(Contents::default()));
        contents.borrow_mut().add(config.as_bytes());
        let (indexes, named) = (RefCell::new(Indexes::default()), RefCell::new(BTreeMap::new()));
        let loaded = weir_config::load_apart(
            Source { path, text: config },
            Source { path: &found.path, text: &found.text },
            secrets,
            (
                &|path| {
                    files.borrow_mut().push(path.to_owned());
                    let text = read_named(path)?;
                    contents.borrow_mut().add(text.as_bytes());
                    Ok(text)
                },
                &|path| {
                    let text = String::from_utf8(found.read(path)?)
                        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
                    named.borrow_mut().insert(plain(path), text.clone());
                    Ok(text)
                },
            ),
            &|path| {
                if !found.is_plain() {
                    return index_of(found.read(path).map_err(|error| error.to_string())?);
                }
                files.borrow_mut().push(path.to_owned());
                indexes.borrow_mut().read(path, known)
            },
        )?;
        let engine = remembering(Engine::new(loaded.classify.clone())?);
        let doors = Arc::new(doors(&loaded)?);
        let served = served(&loaded.config.backends);
        let words = Words {
            policy: Ident::of(loaded.policy_revision.shared()),
            config: Ident::new(&loaded.config_digest),
            scanner: Ident::new(engine.digest()),
        };
        let detectors = Detectors::new(&loaded)
            .map_err(|(backend, source)| SnapshotError::Endpoint { backend, source })?;
        let extractors = Extractors::new(&loaded.extractors);
        let encoder = Encoder::of(&loaded);
        let counters = Counters::of(&loaded);
        let (config_files, indexes) = (files.into_inner(), indexes.into_inner());
        let (config_contents, policy_contents) = (contents.into_inner().digest(), found.digest());
        let policy = PolicyText {
            path: found.path.clone(),
            text: found.text.clone(),
            cases: found.cases.clone(),
            files: named.into_inner(),
            origin: found.origin.clone(),
        };
        let files = config_files.into_iter().chain(policy.files.keys().cloned()).collect();
        Ok(Self {
            loaded,
            engine,
            words,
            detectors,
            encoder,
            counters,
            extractors,
            files,
            policy,
            indexes,
            config_contents,
            policy_contents,
            doors,
            served,
        })
    }

    /// Whether a load would read what this one did. Much cheaper than to load and compare: that compiles
    /// an engine, and holds a second one in memory.
    pub(crate) fn is_of(&self, sources: &Sources) -> bool {
        let (Ok(config), Ok(found)) =
            (read(&sources.config), Found::find(&sources.config, &sources.settings().0))
        else {
            return false;
        };
        let mut contents = Contents::default();
        contents.add(config.as_bytes());
        let of_policy = |path: &Path| self.policy.files.contains_key(&plain(path));
        let mut of_config = self.files.iter().filter(|path| !of_policy(path) && !self.indexes.are_of(path));
        let same_config = of_config.all(|path| std::fs::read(path).map(|text| contents.add(&text)).is_ok());
        let mut named = self.policy.files.iter();
        let same_named = named.all(|(path, text)| found.read(path).is_ok_and(|read| read == text.as_bytes()));
        let same_config = same_config && contents.digest() == self.config_contents;
        let same_policy = same_named && found.digest() == self.policy_contents;
        same_config && same_policy && self.indexes.look_the_same()
    }

    /// Whether the configuration is that of the other, to the last byte of the files that it names.
    pub(crate) fn has_config_of(&self, other: &Snapshot) -> bool {
        self.config_contents == other.config_contents
    }

    /// The same, keeping the connections of `other` when the configuration is the same and only the
    /// policy differs.
    pub(crate) fn with_doors_of(mut self, other: &Snapshot) -> Self {
        if self.has_config_of(other) {
            self.doors = other.doors.clone();
        }
        self
    }

    pub(crate) fn door(&self, backend: &str) -> Option<&Door> {
        self.doors.get(backend)
    }

    /// The backend and the model that a target is.
    pub(crate) fn served(&self, id: TargetId) -> Option<(&Backend, &Model)> {
        let (backend, model) = *self.served.get(id.index())?;
        let backend = self.loaded.config.backends.get(backend)?;
        Some((backend, backend.models.get(model)?))
    }

    pub(crate) fn backend(&self, name: &str) -> Option<&Backend> {
        self.loaded.config.backend(name)
    }

    /// Whether a request would be decided about, and sent, as under the other.
    pub(crate) fn is_same_as(&self, other: &Snapshot) -> bool {
        self.loaded.policy_revision == other.loaded.policy_revision && self.has_config_of(other)
    }
}

/// Memory of the engine for texts that come again, as those of a conversation do. Of those that show nothing, which most are,
/// so many are remembered as just fill tables of 1,024 places: a few more, and each would take twice its room.
const REMEMBERED_BYTES_MAX: usize = 1344 << 10;

fn remembering(engine: Engine) -> Engine {
    let mut key = [0; 16];
    match getrandom::fill(&mut key) {
        Ok(()) => engine.remembering(key, REMEMBERED_BYTES_MAX),
        // Without a key that nobody knows, every text is read.
        Err(_) => engine,
    }
}

/// The digest of several files.
#[derive(Default)]
struct Contents(Sha256);

impl Contents {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn digest(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

fn from_environment() -> Secrets<'static> {
    Secrets::From(&|name| std::env::var(name).ok())
}

fn read(path: &Path) -> Result<String, SnapshotError> {
    std::fs::read_to_string(path).map_err(|source| SnapshotError::Read { path: path.to_owned(), source })
}

/// The most bytes of a file that weir.yaml names: the largest are vocabularies, of some 20 MB.
const NAMED_BYTES_MAX: u64 = 64 << 20;

fn read_named(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 64 MiB");
    if file.metadata()?.len() > NAMED_BYTES_MAX {
        return Err(too_large());
    }
    // What has no length, or grows meanwhile, is not read to its end either.
    let mut bytes = Vec::new();
    if file.take(NAMED_BYTES_MAX + 1).read_to_end(&mut bytes)? as u64 > NAMED_BYTES_MAX {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

fn served(backends: &[Backend]) -> Vec<(usize, usize)> {
    let models = backends.iter().enumerate().flat_map(|(at, backend)| {
        backend.models.iter().enumerate().map(move |(model, served)| (served.target.index(), (at, model)))
    });
    let mut all: Vec<(usize, (usize, usize))> = models.collect();
    all.sort_unstable();
    all.into_iter().map(|(_, place)| place).collect()
}

fn doors(loaded: &Loaded) -> Result<BTreeMap<Arc<str>, Door>, SnapshotError> {
    let config = &loaded.config;
    let open = |backend: &Backend, tokens: Option<TokenSource>| {
        let endpoint = way::to(backend, tokens.as_ref())?;
        match backend.zone {
            ZoneKind::Local => LocalBackend::new(endpoint, &config.network_inside).map(Door::Local),
            ZoneKind::Cloud => {
                CloudBackend::new(endpoint).map(|door| Door::Cloud(door, tokens.map(Box::new)))
            }
        }
    };
    let named = |backend: &Backend| {
        let tokens = way::tokens(backend)
            .map_err(|source| SnapshotError::Tokens { backend: backend.name.clone(), source })?;
        let door = open(backend, tokens)
            .map_err(|source| SnapshotError::Endpoint { backend: backend.name.clone(), source })?;
        Ok((backend.name.clone(), door))
    };
    config.backends.iter().map(named).collect()
}

/// The way to a server of the configuration, a backend or a detector.
pub(crate) fn endpoint(
    name: &Arc<str>,
    url: &BaseUrl,
    api_key: Option<&Secret>,
    ca_pem: Option<&str>,
) -> Result<Endpoint, EndpointError> {
    let mut endpoint = Endpoint::new(name, &url.to_string())?;
    if let Some(key) = api_key {
        endpoint = endpoint.with_credential(Credential::bearer(&Zeroizing::new(key.expose().to_owned()))?);
    }
    if let Some(pem) = ca_pem {
        endpoint = endpoint.with_ca_pem(pem.to_owned().into_bytes());
    }
    Ok(endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_of_more_than_64_mib_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokenizer.json");
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(read_named(&path).unwrap(), "{}");
        let set_len = |bytes| File::options().write(true).open(&path).unwrap().set_len(bytes).unwrap();
        set_len(NAMED_BYTES_MAX);
        assert_eq!(read_named(&path).unwrap().len() as u64, NAMED_BYTES_MAX);
        set_len(NAMED_BYTES_MAX + 1);
        let error = read_named(&path).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 64 MiB");
        let endless = read_named(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(endless.to_string(), "it has more than 64 MiB");
    }
}
