//! A client of the service's own API, for commands that an operator types. It speaks to this machine and to services behind
//! TLS that the platform believes.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls_platform_verifier::BuilderVerifierExt as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// A client of the service at an address.
pub struct ApiClient {
    address: String,
    token: SecretString,
    client: HttpsClient,
}

/// A client over HTTP, with or without TLS.
pub(crate) type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client that believes the certificates that the platform believes.
///
/// # Errors
/// The platform's certificates cannot be used.
pub(crate) fn https_client() -> std::io::Result<HttpsClient> {
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into());
    let tls = tls.with_safe_default_protocol_versions().map_err(std::io::Error::other)?;
    let tls = tls.with_platform_verifier().map_err(std::io::Error::other)?;
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls.with_no_client_auth());
    Ok(Client::builder(TokioExecutor::new()).build(connector.https_or_http().enable_http1().build()))
}

/// Why the service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The service does not answer.
    #[error("reach the service at {address}: {reason}; see that it runs, or name its address with --url")]
    Unreachable {
        /// The service's address.
        address: String,
        /// The reason.
        reason: String,
    },
    /// The service refused, and says why.
    #[error("do that: {0}")]
    Refused(String),
    /// The platform's certificates cannot be used.
    #[error("use the platform's certificates: {0}")]
    Roots(std::io::Error),
}

impl ApiClient {
    /// A client that shows this token. `address` begins with `http://` or `https://`.
    ///
    /// # Errors
    /// The platform's certificates cannot be used.
    pub fn new(address: &str, token: SecretString) -> Result<Self, ApiError> {
        let client = https_client().map_err(ApiError::Roots)?;
        Ok(Self { address: address.trim_end_matches('/').to_owned(), token, client })
    }

    /// Sends a request and reads its answer; null: the answer has no body.
    ///
    /// # Errors
    /// The service does not answer, or refuses.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Value, ApiError> {
        let unreachable = |error: &dyn std::error::Error| {
            let causes = std::iter::successors(Some(error), |error| error.source());
            let reason = causes.last().map(ToString::to_string).unwrap_or_default();
            ApiError::Unreachable { address: self.address.clone(), reason }
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.expose_secret()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|error| unreachable(&error))?;
        let response = self.client.request(request).await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| unreachable(&error))?.to_bytes();
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() { Ok(value) } else { Err(ApiError::Refused(told(status, &value))) }
    }
}

/// What a problem says: its detail, and every field that is wrong.
fn told(status: StatusCode, problem: &Value) -> String {
    let detail = problem.get("detail").and_then(Value::as_str).map_or_else(|| status.to_string(), str::to_owned);
    let errors = problem.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let line =
        |error: &Value| Some(format!("\n  {}: {}", error.get("pointer")?.as_str()?, error.get("detail")?.as_str()?));
    if errors.is_empty() { detail } else { errors.iter().filter_map(line).collect() }
}
