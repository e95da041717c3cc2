//! Errors of downloads from the hub and uploads to it.
//! Text from a server is shown escaped.

use std::io;

use super::address::without_secrets;
use crate::text::{number::bytes, width::clean};

/// Characters of a server's text that are shown.
const LONGEST: usize = 200;

/// Error with its remedy.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name is not a valid model name.
    #[error("{0:?} is no name of a model on the hub; names are `owner/model`, some old ones just `model`")]
    Name(String),
    /// The environment forbids requests.
    #[error("{0} is set, so the hub is not contacted; unset it, or use a model of `tagli models list`")]
    Forbidden(&'static str),
    /// There is no folder for the cache.
    #[error("there is no home folder for the Hugging Face cache; set HF_HOME to a folder")]
    NoCache,
    /// Uploading needs a token.
    #[error(
        "to send a model, the hub must know who you are: put a token into HF_TOKEN, or log in with `hf auth login`"
    )]
    NoToken,
    /// The token is not a valid one.
    #[error("the token in {0} contains invalid characters; get a new one from the hub's settings page")]
    BadToken(String),
    /// The token would be sent without encryption.
    #[error("the token is not sent to {0}, which is not encrypted; use an https:// endpoint, or unset the token")]
    InTheClear(String),
    /// The file of trusted certificates cannot be used.
    #[error("{path}: {why}; it is named as the file of trusted certificates (SSL_CERT_FILE, REQUESTS_CA_BUNDLE)")]
    Certificates {
        /// The file.
        path: String,
        /// Reason.
        why: String,
    },
    /// No response at all.
    #[error(
        "{place} cannot be reached: {why}; is the machine online, is a proxy needed (https_proxy), does the proxy have a \
         certificate of its own (SSL_CERT_FILE)?"
    )]
    Offline {
        /// Server.
        place: String,
        /// Message of the network layer.
        why: String,
    },
    /// The connection broke.
    #[error("the connection to {place} broke: {why}")]
    Unreachable {
        /// Server.
        place: String,
        /// Message of the network layer.
        why: String,
    },
    /// The server has a fault or is overloaded.
    #[error("{place} cannot do it now (status {status}{})", after_colon(.why))]
    Busy {
        /// Server.
        place: String,
        /// HTTP status: 408, or from 500 on.
        status: u16,
        /// Message of the server.
        why: String,
    },
    /// No such model.
    #[error("{endpoint} has no model {id:?}")]
    NotFound {
        /// Server.
        endpoint: String,
        /// Requested model.
        id: String,
    },
    /// The user has no access.
    #[error(
        "{endpoint} does not let this user have {id:?} (status {status}{}); {}", after_colon(.why),
        if *.has_token { "ask for access on its page, and see that the token may do it" } else { "it is private, gated or not there: put a token into HF_TOKEN, or log in with `hf auth login`" }
    )]
    Refused {
        /// Server.
        endpoint: String,
        /// Requested model.
        id: String,
        /// HTTP status: 401 or 403.
        status: u16,
        /// Whether a token was sent.
        has_token: bool,
        /// Message of the server.
        why: String,
    },
    /// Too many requests.
    #[error("{endpoint} asks to come back later (status 429){}", .seconds.map_or_else(String::new, |seconds| format!(": in {seconds} s")))]
    Limited {
        /// Server.
        endpoint: String,
        /// Seconds to wait, if the server states them.
        seconds: Option<u64>,
    },
    /// The response cannot be used.
    #[error("{url}: {why}")]
    Answer {
        /// Address of the request.
        url: String,
        /// Reason.
        why: String,
    },
    /// The model is of a kind that cannot be read.
    #[error("{id}: {why}")]
    Unfit {
        /// The model.
        id: String,
        /// Reason.
        why: String,
    },
    /// The checksum of a file is wrong.
    #[error("{file} arrived damaged: its {kind} is {found}, not {expected}; it was discarded, try again")]
    Damaged {
        /// The file.
        file: String,
        /// Name of the checksum.
        kind: &'static str,
        /// Announced checksum.
        expected: String,
        /// Checksum of the received file.
        found: String,
    },
    /// The user gave the transfer up.
    #[error("it was cancelled; what has arrived is kept, and the next attempt continues from there")]
    Cancelled,
    /// The transfer of a file takes too long.
    #[error(
        "{file}: the connection is too slow to go on; what has arrived is kept, and the next attempt continues from there"
    )]
    Slow {
        /// The file.
        file: String,
    },
    /// The disk is full.
    #[error("{path}: {} are needed, {} are free; what has arrived is kept, and the next attempt continues from there", bytes(*needed), bytes(*free))]
    NoRoom {
        /// Folder.
        path: String,
        /// Bytes still to be received.
        needed: u64,
        /// Free bytes.
        free: u64,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Disk {
        /// The file.
        path: String,
        /// The reason.
        source: io::Error,
    },
}

impl HubError {
    /// Whether another model name would help.
    /// Otherwise another machine or another time would.
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Name(_) | Self::NotFound { .. } | Self::Unfit { .. })
    }

    /// Whether trying again soon may help.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Limited { .. } | Self::Busy { .. })
    }

    pub(super) fn answer(url: &str, why: impl Into<String>) -> Self {
        // The query may contain a signature that grants access.
        let url = without_secrets(url.split('?').next().unwrap_or_default());
        Self::Answer { url: shown(&url), why: shown(&why.into()) }
    }

    pub(super) fn disk(path: &std::path::Path, source: io::Error) -> Self {
        Self::Disk { path: path.display().to_string(), source }
    }
}

/// Text of a server as it is shown: on one line, without control characters, and cut to [`LONGEST`] characters.
pub(super) fn shown(text: &str) -> String {
    let cut = text.char_indices().nth(LONGEST).map(|(end, _)| text.get(..end).unwrap_or_default());
    match cut {
        Some(start) => format!("{}\u{2026}", clean(start)),
        None => clean(text).into_owned(),
    }
}

fn after_colon(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_shown_in_short_and_never_obeyed() {
        let hostile = format!("\u{1b}]0;x\u{7}\n{}", "y".repeat(100_000));
        let error = HubError::answer(&format!("https://hub.example/{hostile}?sig=secret"), &hostile).to_string();
        assert!(error.contains("\u{241b}]0;x\u{2407}\u{240a}y") && error.ends_with('\u{2026}'), "{error}");
        assert!(error.chars().count() < 450 && !error.chars().any(char::is_control) && !error.contains("secret"));
        assert_eq!((shown("no"), shown(&"y".repeat(200))), ("no".to_owned(), "y".repeat(200)));
    }
}
