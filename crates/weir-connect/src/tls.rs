use crate::EndpointError;
use crate::endpoint::Host;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::sync::{Arc, OnceLock};
use tokio_rustls::TlsConnector;

/// TLS towards one backend: whom to trust, and the name that its certificate must carry.
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

impl Tls {
    /// Trusts the public roots, the operating system's, and those of `ca_pem`. `protocols` are those that are offered
    /// (ALPN).
    pub(crate) fn new(
        host: &Host,
        ca_pem: Option<&[u8]>,
        protocols: &[&[u8]],
    ) -> Result<Self, EndpointError> {
        let mut roots = public_roots().clone();
        if let Some(pem) = ca_pem {
            add_pem(&mut roots, pem)?;
        }
        Ok(Self { connector: Arc::new(config(roots, protocols)?).into(), name: server_name(host)? })
    }
}

fn config(roots: RootCertStore, protocols: &[&[u8]]) -> Result<ClientConfig, EndpointError> {
    // The provider is named here so that no other crate's choice of default matters.
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(EndpointError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// Read once: the operating system's store takes milliseconds and hundreds of kilobytes.
fn public_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}

fn add_pem(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), EndpointError> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(EndpointError::Pem)?;
        roots.add(certificate).map_err(EndpointError::Tls)?;
    }
    if roots.len() == before { Err(EndpointError::NoCertificate) } else { Ok(()) }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, EndpointError> {
    match host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| EndpointError::TlsName),
        Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
    }
}
