use crate::detect::Detectors;
use crate::extract::Extractors;
use crate::indexes::Indexes;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_audit::Ident;
use weir_classify::{Engine, SettingsError};
use weir_config::{Backend, Loaded, Problems, Source};
use weir_egress::CloudBackend;
use weir_label::ZoneKind;
use weir_local::{Credential, Endpoint, EndpointError, LocalBackend};
use zeroize::Zeroizing;

/// Where the two files are.
#[derive(Debug, Clone)]
pub struct Sources {
    /// `weir.yaml`.
    pub config: PathBuf,
    /// `policy.yaml`.
    pub policy: PathBuf,
}

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
    /// The programs that give the text of attachments.
    pub(crate) extractors: Extractors,
    /// The files that the two name: secrets, certificates, term lists, indexes.
    pub(crate) files: Vec<PathBuf>,
    /// The indexes that the policy names.
    pub(crate) indexes: Indexes,
    /// Of everything that was read for it, but for the indexes.
    contents: [u8; 32],
    doors: Arc<BTreeMap<Arc<str>, Door>>,
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
    Cloud(CloudBackend),
}

/// Why two files make no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What the files say is wrong.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The data section cannot be compiled.
    #[error(transparent)]
    Settings(#[from] SettingsError),
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
        let policy = read(&sources.policy)?;
        let (files, contents) = (RefCell::new(Vec::new()), RefCell::new(Contents::default()));
        contents.borrow_mut().add(&config);
        contents.borrow_mut().add(&policy);
        let indexes = RefCell::new(Indexes::default());
        let loaded = weir_config::load(
            Source { path: &sources.config, text: &config },
            Source { path: &sources.policy, text: &policy },
            &|name| std::env::var(name).ok(),
            &|path| {
                files.borrow_mut().push(path.to_owned());
                let text = std::fs::read_to_string(path)?;
                contents.borrow_mut().add(&text);
                Ok(text)
            },
            &|path| {
                files.borrow_mut().push(path.to_owned());
                indexes.borrow_mut().read(path, known)
            },
        )?;
        let engine = remembering(Engine::new(loaded.classify.clone())?);
        let doors = Arc::new(doors(&loaded)?);
        let words = Words {
            policy: Ident::of(loaded.policy_revision.shared()),
            config: Ident::new(&loaded.config_digest),
            scanner: Ident::new(engine.digest()),
        };
        let detectors = Detectors::new(&loaded)
            .map_err(|(backend, source)| SnapshotError::Endpoint { backend, source })?;
        let extractors = Extractors::new(&loaded.extractors);
        let (files, indexes) = (files.into_inner(), indexes.into_inner());
        let contents = contents.into_inner().digest();
        Ok(Self { loaded, engine, words, detectors, extractors, files, indexes, contents, doors })
    }

    /// Whether a load would read what this one did. Much cheaper than to load and compare: that compiles
    /// an engine, and holds a second one in memory.
    pub(crate) fn is_of(&self, sources: &Sources) -> bool {
        let mut contents = Contents::default();
        let named = self.files.iter().filter(|path| !self.indexes.are_of(path));
        let mut texts =
            [&sources.config, &sources.policy].into_iter().chain(named).map(std::fs::read_to_string);
        texts.all(|text| text.map(|text| contents.add(&text)).is_ok())
            && self.indexes.look_the_same()
            && contents.digest() == self.contents
    }

    /// The same, keeping the connections of `other` when the configuration is the same and only the
    /// policy differs.
    pub(crate) fn with_doors_of(mut self, other: &Snapshot) -> Self {
        if self.loaded.config_digest == other.loaded.config_digest {
            self.doors = other.doors.clone();
        }
        self
    }

    pub(crate) fn door(&self, backend: &str) -> Option<&Door> {
        self.doors.get(backend)
    }

    pub(crate) fn backend(&self, name: &str) -> Option<&Backend> {
        self.loaded.config.backend(name)
    }

    /// The policy revision and the configuration's digest together name a snapshot.
    pub(crate) fn is_same_as(&self, other: &Snapshot) -> bool {
        self.loaded.policy_revision == other.loaded.policy_revision
            && self.loaded.config_digest == other.loaded.config_digest
    }
}

/// Memory of the engine for texts that come again, as those of a conversation do.
const REMEMBERED_BYTES_MAX: usize = 4 << 20;

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
    fn add(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn digest(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

fn read(path: &Path) -> Result<String, SnapshotError> {
    std::fs::read_to_string(path).map_err(|source| SnapshotError::Read { path: path.to_owned(), source })
}

fn doors(loaded: &Loaded) -> Result<BTreeMap<Arc<str>, Door>, SnapshotError> {
    let config = &loaded.config;
    let open = |backend: &Backend| {
        let endpoint = endpoint(backend)?;
        match backend.zone {
            ZoneKind::Local => LocalBackend::new(endpoint, &config.network_inside).map(Door::Local),
            ZoneKind::Cloud => CloudBackend::new(endpoint).map(Door::Cloud),
        }
    };
    let named = |backend: &Backend| {
        let door = open(backend)
            .map_err(|source| SnapshotError::Endpoint { backend: backend.name.clone(), source })?;
        Ok((backend.name.clone(), door))
    };
    config.backends.iter().map(named).collect()
}

fn endpoint(backend: &Backend) -> Result<Endpoint, EndpointError> {
    let mut endpoint = Endpoint::new(&backend.name, &backend.url.to_string())?
        .with_connect_timeout(backend.timeouts.connect);
    if let Some(key) = &backend.api_key {
        endpoint = endpoint.with_credential(Credential::bearer(&Zeroizing::new(key.expose().to_owned()))?);
    }
    if let Some(pem) = &backend.ca_pem {
        endpoint = endpoint.with_ca_pem(pem.clone().into_bytes());
    }
    Ok(endpoint)
}
