use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{ConnectError, address::Address};

/// How connections are encrypted, if they are. The server's certificate is always verified, its name included.
pub(crate) fn connector(address: &Address) -> Result<MakeRustlsConnect, ConnectError> {
    let roots = match (&address.roots, address.config.get_ssl_mode()) {
        (_, SslMode::Disable) => RootCertStore::empty(),
        (Some(file), _) => roots_in(file)?,
        (None, _) => roots_of_the_system(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Certificates { reason: error.to_string() })?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn roots_in(file: &Path) -> Result<RootCertStore, ConnectError> {
    let unreadable = |reason: String| ConnectError::Certificates {
        reason: format!("{} cannot be used as `sslrootcert`: {reason}", file.display()),
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unreadable("there is no certificate in it".into())) } else { Ok(roots) }
}

/// A certificate that cannot be read vouches for nothing, so without it nothing is trusted that should not be.
fn roots_of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
