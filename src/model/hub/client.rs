//! HTTP connection to the hub: endpoint, token, and what refusals mean.

use std::{env, fmt, io, path::Path, sync::Arc, time::Duration};

use serde_json::Value;
use ureq::{
    Agent, Body, RequestBuilder, ResponseExt,
    config::RedirectAuthHeaders,
    http::{Response, Uri, header, uri::Scheme},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
    typestate::{WithBody, WithoutBody},
};

use super::{HubError, cache};
use crate::guard::{self, Links};

/// The public hub.
const HUB: &str = "https://huggingface.co";
/// Longest time without any data from the server.
const SILENCE: Duration = Duration::from_secs(60);
/// Longest time to establish a connection.
const CONNECT: Duration = Duration::from_secs(20);
/// Bytes after which a response about a model is cut off.
const LONGEST_RESPONSE: u64 = 16 << 20;
/// Largest file with a token, in bytes.
const LONGEST_TOKEN: u64 = 64 << 10;
/// Characters of a server's message that are shown.
const LONGEST_REASON: usize = 200;

/// A hub, with the user's token.
#[derive(Clone, Debug)]
pub struct Hub {
    endpoint: String,
    token: Option<Token>,
    agent: Agent,
}

/// Access token of the user. Never shown, never stored by this program.
#[derive(Clone)]
struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Hub {
    /// Returns the hub that the environment names, with the user's token.
    ///
    /// The variables are those of huggingface_hub: `HF_ENDPOINT`, `HF_TOKEN` (else the file at `HF_TOKEN_PATH`, else
    /// `token` in `HF_HOME`), `HF_HUB_OFFLINE`.
    ///
    /// # Errors
    /// The environment forbids requests, or contains an invalid token.
    pub fn from_environment() -> Result<Self, HubError> {
        if let Some(name) = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].into_iter().find(|name| is_on(name)) {
            return Err(HubError::Forbidden(name));
        }
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| HUB.to_owned());
        Self::new(&endpoint, token()?)
    }

    /// Returns the hub at `endpoint`. The token comes with the name of its source.
    pub(super) fn new(endpoint: &str, token: Option<(String, String)>) -> Result<Self, HubError> {
        let endpoint = endpoint.trim().trim_end_matches('/').to_owned();
        let token = match token {
            Some((place, text)) if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return Err(HubError::BadToken(place));
            }
            Some(_) if !is_private(&endpoint) => return Err(HubError::InTheClear(endpoint)),
            Some((_, text)) => Some(Token(text)),
            None => None,
        };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots()?).build())
            .http_status_as_error(false)
            .user_agent(concat!("tagliatelle/", env!("CARGO_PKG_VERSION")))
            // The token must not reach the storage server that the hub redirects to.
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE));
        Ok(Self { endpoint, token, agent: config.build().into() })
    }

    /// Address of the hub.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Builds a GET request to the hub itself, with the token.
    pub(super) fn get(&self, url: &str) -> RequestBuilder<WithoutBody> {
        let request = self.agent.get(url);
        match &self.token {
            Some(Token(token)) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends the first request of an operation.
    /// A hub that cannot be reached then is not tried again.
    pub(super) fn first_get(&self, url: &str) -> Result<Response<Body>, HubError> {
        self.get(url).call().map_err(|error| HubError::Offline { place: host(url), why: error.to_string() })
    }

    /// Builds a POST request.
    /// The hub may have supplied the address; the token is sent to the hub itself only.
    pub(super) fn post(&self, url: &str) -> RequestBuilder<WithBody> {
        let request = self.agent.post(url);
        match self.token.as_ref().filter(|_| self.is_own(url)) {
            Some(Token(token)) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Builds a PUT request to a storage server, without the token.
    /// The address contains a signature.
    pub(super) fn put(&self, url: &str) -> RequestBuilder<WithBody> {
        self.agent.put(url)
    }

    /// Whether an address belongs to this hub.
    fn is_own(&self, url: &str) -> bool {
        url.strip_prefix(self.endpoint.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Corrects an address that the hub supplied.
    /// A mirror names the public hub where it means itself.
    pub(super) fn own_address(&self, url: &str) -> String {
        match url.strip_prefix(HUB).filter(|rest| rest.starts_with('/')) {
            Some(rest) => format!("{}{rest}", self.endpoint),
            None => url.to_owned(),
        }
    }

    /// Turns a failed request into an error. `id` is the requested model.
    pub(super) fn check(
        &self,
        url: &str,
        id: &str,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, HubError> {
        let mut answer = answer.map_err(|error| unreachable(url, &error))?;
        // The hub may have redirected to a storage server.
        let url = &answer.get_uri().to_string();
        let (endpoint, id, has_token) = (self.endpoint.clone(), id.to_owned(), self.has_token());
        let status = answer.status().as_u16();
        let seconds = header(&answer, "retry-after").and_then(|seconds| seconds.trim().parse().ok());
        let code = header(&answer, "x-error-code").unwrap_or_default().to_owned();
        match status {
            200..=299 => Ok(answer),
            404 if self.is_own(url) => Err(HubError::NotFound { endpoint, id }),
            429 => Err(HubError::Limited { endpoint: host(url), seconds }),
            408 | 500.. => Err(HubError::Busy { place: host(url), status, why: reason(&mut answer) }),
            401 | 403 if self.is_own(url) => {
                let why = if code.is_empty() { reason(&mut answer) } else { code };
                Err(HubError::Refused { endpoint, id, status, has_token, why })
            }
            _ => {
                let why = reason(&mut answer);
                let colon = if why.is_empty() { "" } else { ": " };
                Err(HubError::answer(url, format!("the response has status {status}{colon}{why}")))
            }
        }
    }

    /// Reads the JSON of a response.
    pub(super) fn json(&self, url: &str, answer: &mut Response<Body>) -> Result<Value, HubError> {
        let text = answer.body_mut().with_config().limit(LONGEST_RESPONSE).read_to_vec();
        let text = text.map_err(|error| unreachable(url, &error))?;
        serde_json::from_slice(&text)
            .map_err(|error| HubError::answer(url, format!("the response is not JSON: {error}")))
    }
}

fn header<'a>(answer: &'a Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Reads the server's message from a refusal: `error` of a JSON response.
fn reason(answer: &mut Response<Body>) -> String {
    let text = answer.body_mut().with_config().limit(LONGEST_RESPONSE).read_to_vec().unwrap_or_default();
    let json: Value = serde_json::from_slice(&text).unwrap_or_default();
    let message = json.get("error").or_else(|| json.get("message")).and_then(Value::as_str).unwrap_or_default();
    message.chars().take(LONGEST_REASON).collect()
}

/// Returns scheme, host and port of an address.
pub(super) fn host(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or_default())
}

/// Error for a broken connection.
pub(super) fn unreachable(url: &str, error: &ureq::Error) -> HubError {
    HubError::Unreachable { place: host(url), why: error.to_string() }
}

/// Whether a connection cannot be read by others.
/// Encrypted, or within this machine.
fn is_private(endpoint: &str) -> bool {
    let Ok(uri) = endpoint.parse::<Uri>() else { return false };
    let is_here = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    uri.scheme() == Some(&Scheme::HTTPS) || is_here
}

/// Returns the trusted certificates.
/// Those of browsers, or those of a file that the environment names.
///
/// The latter is needed behind a proxy that decrypts connections.
fn roots() -> Result<RootCerts, HubError> {
    let named = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(variable);
    let Some(path) = named else { return Ok(RootCerts::WebPki) };
    let wrong = |why: String| HubError::Certificates { path: path.clone(), why };
    let pem =
        guard::read(Path::new(&path), Links::Follow, LONGEST_RESPONSE).map_err(|error| wrong(error.to_string()))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    match certificates.collect::<Vec<_>>() {
        none if none.is_empty() => Err(wrong("it contains no certificate".to_owned())),
        some => Ok(RootCerts::Specific(Arc::new(some))),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn is_on(name: &str) -> bool {
    variable(name).is_some_and(|value| matches!(value.to_ascii_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE"))
}

/// Reads the user's token, with the name of its source.
fn token() -> Result<Option<(String, String)>, HubError> {
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
        if let Some(text) = variable(name) {
            return Ok(Some((name.to_owned(), text)));
        }
    }
    let path = cache::variable("HF_TOKEN_PATH").or_else(|| cache::home().map(|home| home.join("token")));
    let Some(path) = path else { return Ok(None) };
    read_token(&path).map_err(|source| HubError::disk(&path, source))
}

fn read_token(path: &Path) -> io::Result<Option<(String, String)>> {
    let text = match guard::read(path, Links::Follow, LONGEST_TOKEN) {
        Ok(bytes) => String::from_utf8(bytes).map_err(io::Error::other)?.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok((!text.is_empty()).then(|| (path.display().to_string(), text)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn with_token(endpoint: &str, token: &str) -> Result<Hub, HubError> {
        Hub::new(endpoint, Some(("HF_TOKEN".into(), token.into())))
    }

    #[test]
    fn a_token_goes_over_a_private_line_only_and_is_never_shown() {
        for endpoint in ["https://huggingface.co", "http://localhost:80", "http://127.0.0.1:8080/x", "http://[::1]:1"] {
            let hub = with_token(endpoint, "hf_secret").unwrap();
            assert!(!format!("{hub:?}").contains("secret"), "{hub:?}");
        }
        for endpoint in [
            "http://huggingface.co",
            "HTTP://huggingface.co",
            "huggingface.co",
            "http://localhost.evil.org",
            "http://127.0.0.1.evil.org:80",
        ] {
            assert!(matches!(with_token(endpoint, "hf_secret"), Err(HubError::InTheClear(_))), "{endpoint}");
            assert!(Hub::new(endpoint, None).is_ok());
        }
    }

    #[test]
    fn an_address_that_the_hub_tells_gets_the_token_only_if_it_is_the_hubs() {
        let hub = with_token("https://mirror.example", "hf_secret").unwrap();
        assert!(hub.is_own("https://mirror.example/x") && !hub.is_own("https://mirror.example.evil.org/x"));
        assert_eq!(hub.own_address("https://huggingface.co/a/b"), "https://mirror.example/a/b");
        assert_eq!(hub.own_address("https://s3.example/a?sig=1"), "https://s3.example/a?sig=1");
        assert_eq!(hub.own_address("https://huggingface.co.evil.org/a"), "https://huggingface.co.evil.org/a");
        let error = HubError::answer("https://s3.example/a?sig=secret", "no");
        assert_eq!(
            (error.to_string().as_str(), host("https://s3.example/a?x")),
            ("https://s3.example/a: no", "https://s3.example".to_owned())
        );
    }

    #[test]
    fn a_token_that_would_change_the_request_is_refused_and_not_shown() {
        for bad in ["a b", "a\r\nHost: evil", "ä"] {
            let error = with_token("https://huggingface.co", bad).unwrap_err();
            assert!(matches!(&error, HubError::BadToken(place) if place == "HF_TOKEN"));
            assert!(!error.to_string().contains(bad), "{error}");
        }
    }

    #[test]
    fn a_token_file_may_be_missing_or_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        assert_eq!(read_token(&path).unwrap(), None);
        fs::write(&path, "\n").unwrap();
        assert_eq!(read_token(&path).unwrap(), None);
        fs::write(&path, "hf_x\n").unwrap();
        assert_eq!(read_token(&path).unwrap().unwrap().1, "hf_x");
    }
}
