//! HTTP connection to the hub: endpoint, token, redirects, time limits, and what refusals mean.

use std::{
    env, fmt,
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use ureq::{
    Agent, Body, ResponseExt, SendBody,
    http::{Response, header},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{
    HubError,
    address::{Origin, redirect_target, without_secrets},
    cache,
    error::shown,
};
use crate::guard::{self, Links};

/// The public hub.
const HUB: &str = "https://huggingface.co";
/// Longest time to establish a connection.
const CONNECT: Duration = Duration::from_secs(20);
/// Redirects of one request that are followed.
const MOST_REDIRECTS: usize = 10;
/// Bytes after which a response about a model is cut off.
const LONGEST_RESPONSE: u64 = 16 << 20;
/// Largest file with a token, in bytes.
const LONGEST_TOKEN: u64 = 64 << 10;
/// Bytes of a refusal that are read for its message.
const LONGEST_REFUSAL: u64 = 64 << 10;

/// Time limits of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Longest time without any data from the server.
    pub(super) silence: Duration,
    /// Longest time in which a response about a model arrives.
    pub(super) answer: Duration,
    /// Time that the transfer of a file may take in addition to the time for its bytes.
    pub(super) grace: Duration,
    /// Bytes per second that the transfer of a file must reach on the whole.
    pub(super) rate: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { silence: seconds(60), answer: seconds(120), grace: seconds(300), rate: 4 << 10 }
    }
}

impl Limits {
    /// Longest time in which this number of bytes is transferred. The number may come from a server.
    pub(super) fn for_bytes(&self, bytes: u64) -> Duration {
        const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
        self.grace.saturating_add(Duration::from_secs(bytes / self.rate.max(1))).min(LONGEST)
    }
}

/// A hub, with the user's token.
#[derive(Clone, Debug)]
pub struct Hub {
    /// Address for requests. It may contain a password.
    base: String,
    /// Address for messages, without a user name and password.
    endpoint: String,
    /// Origin of the endpoint: only there the token is sent.
    origin: Option<Origin>,
    token: Option<Token>,
    limits: Limits,
    agent: Agent,
    /// Answers whether the user gave the transfer up.
    cancelled: Option<Cancelled>,
}

/// Question whether a transfer was given up.
#[derive(Clone)]
struct Cancelled(Arc<dyn Fn() -> bool + Send + Sync>);

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cancelled")
    }
}

/// Access token of the user. Never shown, never stored by this program.
#[derive(Clone)]
struct Token {
    text: String,
    /// Name of its source: a variable of the environment, or a file.
    place: String,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// A request, which may be sent several times because of redirects.
struct Request<'a> {
    headers: &'a [(&'a str, &'a str)],
    payload: Payload<'a>,
}

/// Method and body of a request.
enum Payload<'a> {
    /// GET. The body of the response must arrive within this time, if given.
    Get(Option<Duration>),
    /// POST of these bytes.
    Post(&'a [u8]),
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
        Self::new(&endpoint, token()?, Limits::default())
    }

    /// Returns the hub at `endpoint`. The token comes with the name of its source.
    pub(super) fn new(endpoint: &str, token: Option<(String, String)>, limits: Limits) -> Result<Self, HubError> {
        let base = endpoint.trim().trim_end_matches('/').to_owned();
        let origin = Origin::of(&base);
        let endpoint = without_secrets(&base);
        let token = match token {
            Some((place, text)) if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return Err(HubError::BadToken(place));
            }
            Some(_) if !origin.as_ref().is_some_and(Origin::is_private) => return Err(HubError::InTheClear(endpoint)),
            Some((place, text)) => Some(Token { text, place }),
            None => None,
        };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots()?).build())
            .http_status_as_error(false)
            .user_agent(concat!("tagliatelle/", env!("CARGO_PKG_VERSION")))
            // Redirects are followed here: ureq keeps the token for another port of the same host.
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(limits.silence))
            .timeout_recv_body(Some(limits.answer))
            .timeout_per_read(Some(limits.silence))
            .timeout_per_write(Some(limits.silence));
        Ok(Self { base, endpoint, origin, token, limits, agent: config.build().into(), cancelled: None })
    }

    /// The same hub, whose downloads end as soon as `cancelled` answers yes.
    #[must_use]
    pub fn until(self, cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { cancelled: Some(Cancelled(Arc::new(cancelled))), ..self }
    }

    /// Ends a transfer that was given up.
    pub(super) fn check_wanted(&self) -> Result<(), HubError> {
        match &self.cancelled {
            Some(Cancelled(cancelled)) if cancelled() => Err(HubError::Cancelled),
            _ => Ok(()),
        }
    }

    /// The same hub, asked by nobody in particular.
    pub(super) fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// Address of the hub for messages, without a user name and password.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Address of a page or file of the hub, for requests. It may contain a password.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// Source of the user's token: a variable of the environment, or a file. `None` without a token.
    pub fn token_place(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.place.as_str())
    }

    /// Time limits of its requests.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sends a GET request. Redirects are followed.
    pub(super) fn get(&self, url: &str) -> Result<Response<Body>, HubError> {
        self.send(url, &Request { headers: &[], payload: Payload::Get(None) })
    }

    /// As [`Hub::get`], for the first request of an operation.
    /// A hub that cannot be reached then is not tried again.
    pub(super) fn first_get(&self, url: &str) -> Result<Response<Body>, HubError> {
        self.get(url).map_err(|error| match error {
            HubError::Unreachable { place, why } => HubError::Offline { place, why },
            other => other,
        })
    }

    /// Sends a GET request for a file, whose bytes must arrive within `time`.
    pub(super) fn get_file(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        time: Duration,
    ) -> Result<Response<Body>, HubError> {
        self.send(url, &Request { headers, payload: Payload::Get(Some(time)) })
    }

    /// Sends a POST request. Redirects are followed within the same origin.
    pub(super) fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response<Body>, HubError> {
        self.send(url, &Request { headers, payload: Payload::Post(body) })
    }

    /// Sends `size` bytes with a PUT request to a storage server, without the token.
    /// The address contains a signature. Redirects are not followed.
    pub(super) fn put(&self, url: &str, size: u64, body: SendBody<'_>) -> Result<Response<Body>, HubError> {
        let request = self.agent.put(url).header(header::CONTENT_LENGTH, size.to_string());
        let request = request.config().timeout_send_body(Some(self.limits.for_bytes(size))).build();
        let answer = request.send(body).map_err(|error| unreachable(url, &error))?;
        if is_redirect(&answer) {
            return Err(HubError::answer(url, "it redirects an upload, which is not followed"));
        }
        Ok(answer)
    }

    /// Sends a request, and again to where it is redirected.
    ///
    /// This is the only place where the token is attached: to requests to the origin of the endpoint.
    fn send(&self, url: &str, request: &Request<'_>) -> Result<Response<Body>, HubError> {
        let mut url = url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.send_once(&url, request).map_err(|error| unreachable(&url, &error))?;
            if !is_redirect(&answer) {
                return Ok(answer);
            }
            let has_body = matches!(request.payload, Payload::Post(_));
            url = redirected(&url, header(&answer, "location"), answer.status().as_u16(), has_body)?;
        }
        Err(HubError::answer(&url, format!("more than {MOST_REDIRECTS} redirects")))
    }

    fn send_once(&self, url: &str, request: &Request<'_>) -> Result<Response<Body>, ureq::Error> {
        let bearer = self.token.as_ref().filter(|_| self.is_own(url)).map(|token| format!("Bearer {}", token.text));
        let bearer = bearer.as_deref().map(|bearer| ("authorization", bearer));
        let headers = request.headers.iter().copied().chain(bearer);
        match request.payload {
            Payload::Get(time) => {
                let sent = headers.fold(self.agent.get(url), |sent, (name, value)| sent.header(name, value));
                let time = time.unwrap_or(self.limits.answer);
                sent.config().timeout_recv_body(Some(time)).build().call()
            }
            Payload::Post(body) => {
                let sent = headers.fold(self.agent.post(url), |sent, (name, value)| sent.header(name, value));
                let time = self.limits.for_bytes(body.len() as u64);
                sent.config().timeout_send_body(Some(time)).build().send(body)
            }
        }
    }

    /// Whether an address belongs to this hub.
    /// Scheme, host and port are those of its endpoint.
    fn is_own(&self, url: &str) -> bool {
        self.origin.is_some() && Origin::of(url) == self.origin
    }

    /// Corrects an address that the hub supplied.
    /// A mirror names the public hub where it means itself.
    pub(super) fn own_address(&self, url: &str) -> String {
        match url.strip_prefix(HUB).filter(|rest| rest.starts_with('/')) {
            Some(rest) => format!("{}{rest}", self.base),
            None => url.to_owned(),
        }
    }

    /// Turns a refusal into an error. `id` is the requested model.
    pub(super) fn check(&self, id: &str, mut answer: Response<Body>) -> Result<Response<Body>, HubError> {
        // The hub may have redirected to a storage server.
        let url = &answer.get_uri().to_string();
        let (endpoint, id, has_token) = (self.endpoint.clone(), id.to_owned(), self.token.is_some());
        let status = answer.status().as_u16();
        let seconds = header(&answer, "retry-after").and_then(|seconds| seconds.trim().parse().ok());
        let code = header(&answer, "x-error-code").unwrap_or_default().to_owned();
        match status {
            200..=299 => Ok(answer),
            404 if self.is_own(url) => Err(HubError::NotFound { endpoint, id }),
            429 => Err(HubError::Limited { endpoint: host(url), seconds }),
            408 | 500.. => Err(HubError::Busy { place: host(url), status, why: self.reason(&mut answer) }),
            401 | 403 if self.is_own(url) => {
                let why = if code.is_empty() { self.reason(&mut answer) } else { shown(&code) };
                Err(HubError::Refused { endpoint, id, status, has_token, why })
            }
            _ => {
                let why = self.reason(&mut answer);
                let colon = if why.is_empty() { "" } else { ": " };
                Err(HubError::answer(url, format!("the response has status {status}{colon}{why}")))
            }
        }
    }

    /// Reads the JSON of a response.
    pub(super) fn json(&self, url: &str, answer: &mut Response<Body>) -> Result<Value, HubError> {
        let text = answer.body_mut().with_config().limit(LONGEST_RESPONSE).read_to_vec();
        let text = text.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => HubError::answer(url, "the response is longer than any about a model"),
            other => unreachable(url, &other),
        })?;
        serde_json::from_slice(&text)
            .map_err(|error| HubError::answer(url, format!("the response is not JSON: {error}")))
    }

    /// Reads the server's message from a refusal, `error` of a JSON response. A slow or long one is not waited for.
    fn reason(&self, answer: &mut Response<Body>) -> String {
        let until = Instant::now() + self.limits.silence;
        let mut body = answer.body_mut().as_reader().take(LONGEST_REFUSAL);
        let mut text = Vec::new();
        let mut chunk = [0; 4 << 10];
        while let Ok(count @ 1..) = body.read(&mut chunk) {
            text.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if Instant::now() > until {
                break;
            }
        }
        let json: Value = serde_json::from_slice(&text).unwrap_or_default();
        let message = json.get("error").or_else(|| json.get("message")).and_then(Value::as_str);
        shown(message.unwrap_or_default())
    }
}

fn header<'a>(answer: &'a Response<Body>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Returns the address to which a response with this `location` redirects a request to `url`.
///
/// # Errors
/// The address cannot be used, is not encrypted while `url` is, or would get the body of the request.
fn redirected(url: &str, location: Option<&str>, status: u16, has_body: bool) -> Result<String, HubError> {
    let target = location.and_then(|location| redirect_target(url, location));
    let target = target.ok_or_else(|| HubError::answer(url, "it redirects to an unusable address"))?;
    let [from, to] = [url, target.as_str()].map(Origin::of);
    if from.as_ref().is_some_and(Origin::is_encrypted) && !to.as_ref().is_some_and(Origin::is_encrypted) {
        return Err(HubError::answer(url, "it redirects to an address without encryption"));
    }
    // With another status, a POST would become a GET.
    if has_body && (from != to || !matches!(status, 307 | 308)) {
        return Err(HubError::answer(
            url,
            format!("it redirects an upload to {}, which is not followed", host(&target)),
        ));
    }
    Ok(target)
}

fn is_redirect(answer: &Response<Body>) -> bool {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Formats scheme, host and port of an address for messages.
pub(super) fn host(url: &str) -> String {
    Origin::of(url).map_or_else(|| shown(&without_secrets(url)), |origin| origin.to_string())
}

/// Error for a broken connection.
pub(super) fn unreachable(url: &str, error: &ureq::Error) -> HubError {
    HubError::Unreachable { place: host(url), why: shown(&without_secrets(&error.to_string())) }
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
        Hub::new(endpoint, Some(("HF_TOKEN".into(), token.into())), Limits::default())
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
            assert!(Hub::new(endpoint, None, Limits::default()).is_ok());
        }
    }

    #[test]
    fn an_address_that_the_hub_tells_gets_the_token_only_if_it_is_the_hubs() {
        let hub = with_token("https://mirror.example", "hf_secret").unwrap();
        assert!(hub.is_own("https://mirror.example/x") && !hub.is_own("https://mirror.example.evil.org/x"));
        assert!(!hub.is_own("https://mirror.example:8443/x") && !hub.is_own("http://mirror.example/x"));
        assert_eq!((hub.without_token().token_place(), hub.token_place()), (None, Some("HF_TOKEN")));
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
    fn no_redirect_leads_out_of_encryption_or_takes_an_upload_elsewhere() {
        let redirect =
            |location, status, has_body| redirected("https://hub.example/a", Some(location), status, has_body);
        assert_eq!(redirect("https://s3.example/x", 302, false).unwrap(), "https://s3.example/x");
        assert!(redirect("http://hub.example/a", 302, false).is_err());
        assert!(redirect("ftp://hub.example/a", 302, false).is_err());
        assert_eq!(redirect("/b", 307, true).unwrap(), "https://hub.example/b");
        for (location, status) in [("/b", 302), ("https://hub.example:8443/a", 307), ("https://s3.example/a", 308)] {
            assert!(redirect(location, status, true).unwrap_err().to_string().contains("upload"), "{location}");
        }
        assert!(redirected("https://hub.example/a", None, 302, false).is_err());
    }

    #[test]
    fn a_transfer_may_take_longer_the_more_bytes_it_has() {
        let limits = Limits::default();
        assert_eq!(limits.for_bytes(0), Duration::from_secs(300));
        assert_eq!(limits.for_bytes(4 << 20), Duration::from_secs(300 + 1024));
        assert_eq!(limits.for_bytes(u64::MAX), Duration::from_secs(30 * 24 * 3600));
    }

    #[test]
    fn a_password_in_the_endpoint_is_used_and_not_shown() {
        let hub = Hub::new("https://ada:secret@hub.example/x/", None, Limits::default()).unwrap();
        assert_eq!(hub.endpoint(), "https://hub.example/x");
        assert_eq!(hub.address("a"), "https://ada:secret@hub.example/x/a");
        let error = HubError::answer(&hub.address("a"), "no JSON").to_string();
        assert_eq!(error, "https://hub.example/x/a: no JSON");
        let error = with_token("http://ada:secret@hub.example", "hf_token").unwrap_err().to_string();
        assert!(error.contains("http://hub.example,") && !error.contains("secret"), "{error}");
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
