//! Why the hub did not give or take a model. What a server says is shown escaped.

use std::io;

use crate::text::number::bytes;

/// What went wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name cannot be that of a model.
    #[error("{0:?} is no name of a model on the hub; names are `owner/model`, some old ones just `model`")]
    Name(String),
    /// The environment forbids to ask.
    #[error("{0} is set: the hub is not asked; unset it, or take what is here: `tagli models list`")]
    Forbidden(&'static str),
    /// No cache to put files into.
    #[error("there is no home folder for the Hugging Face cache; set HF_HOME to a folder")]
    NoCache,
    /// Nobody sends without saying who it is.
    #[error("to send a model the hub must know who you are: put a token into HF_TOKEN, or log in with `hf auth login`")]
    NoToken,
    /// The token is none.
    #[error("the token in {0} has characters that no token has; get a new one from the hub's settings page")]
    BadToken(String),
    /// A token would go over the line in the clear.
    #[error("the token is not sent to {0}, which is not encrypted; use an https:// endpoint, or unset the token")]
    InTheClear(String),
    /// The certificates of the machine cannot be taken.
    #[error("{path}: {why}; it is named as the file of trusted certificates (SSL_CERT_FILE, REQUESTS_CA_BUNDLE)")]
    Certificates {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// No answer at all.
    #[error(
        "{place} cannot be reached: {why}; is the machine online, is a proxy needed (https_proxy), does the proxy have a \
         certificate of its own (SSL_CERT_FILE)?"
    )]
    Offline {
        /// Who was asked.
        place: String,
        /// What the network says.
        why: String,
    },
    /// The line broke.
    #[error("the line to {place} broke: {why}")]
    Unreachable {
        /// Who was asked.
        place: String,
        /// What the network says.
        why: String,
    },
    /// The server has a fault, or too much to do.
    #[error("{place} cannot do it now (status {status}{})", said(.why))]
    Busy {
        /// Who was asked.
        place: String,
        /// From 500 on, or 408.
        status: u16,
        /// What the server says.
        why: String,
    },
    /// No such model.
    #[error("{endpoint} has no model {id:?}")]
    NotFound {
        /// Who was asked.
        endpoint: String,
        /// What for.
        id: String,
    },
    /// Not for this user.
    #[error(
        "{endpoint} does not let this user have {id:?} (status {status}{}); {}", said(.why),
        if *.has_token { "ask for access on its page, and see that the token may do it" } else { "it is private, gated or not there: put a token into HF_TOKEN, or log in with `hf auth login`" }
    )]
    Refused {
        /// Who was asked.
        endpoint: String,
        /// What for.
        id: String,
        /// 401 or 403.
        status: u16,
        /// Whether a token was sent.
        has_token: bool,
        /// What the server says.
        why: String,
    },
    /// Too many requests.
    #[error("{endpoint} asks to come back later (status 429){}", .seconds.map_or_else(String::new, |seconds| format!(": in {seconds} s")))]
    Limited {
        /// Who was asked.
        endpoint: String,
        /// When, if it says so.
        seconds: Option<u64>,
    },
    /// An answer that cannot be used.
    #[error("{url}: {why}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// The model is of a kind that cannot be read.
    #[error("{id}: {why}")]
    Unfit {
        /// The model.
        id: String,
        /// Why not.
        why: String,
    },
    /// What came is not what was announced.
    #[error(
        "{file}: what came over the line is damaged: its {kind} is {found}, not {expected}; it was thrown away, try again"
    )]
    Damaged {
        /// The file.
        file: String,
        /// Which checksum.
        kind: &'static str,
        /// As announced.
        expected: String,
        /// As it came.
        found: String,
    },
    /// The disk has no room.
    #[error("{path}: {} are needed, {} are free; what has come is kept, and the next try goes on from there", bytes(*needed), bytes(*free))]
    NoRoom {
        /// Where.
        path: String,
        /// How much is still to come.
        needed: u64,
        /// How much is free.
        free: u64,
    },
    /// The disk does not take it.
    #[error("{path}: {source}")]
    Disk {
        /// The file.
        path: String,
        /// The reason.
        source: io::Error,
    },
}

impl HubError {
    /// Whether another name or another model would help, rather than another machine or another time.
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Name(_) | Self::NotFound { .. } | Self::Unfit { .. })
    }

    /// Whether trying again soon may help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Limited { .. } | Self::Busy { .. })
    }

    pub(super) fn answer(url: &str, why: impl Into<String>) -> Self {
        // What stands behind the question mark may be a signature that lets anybody in.
        Self::Answer { url: url.split('?').next().unwrap_or_default().to_owned(), why: why.into() }
    }

    pub(super) fn disk(path: &std::path::Path, source: io::Error) -> Self {
        Self::Disk { path: path.display().to_string(), source }
    }
}

fn said(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}
