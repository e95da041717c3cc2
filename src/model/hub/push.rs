//! Sends a folder's files to the hub as one commit: large ones to the store that the hub names, small ones within the commit.
//! What the hub has already is not sent again. The protocol is that of huggingface_hub's `create_commit`.

use std::io::{self, Read};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ureq::{SendBody, http::header};

use super::{Hub, HubError, is_id};

/// Bytes of a file by which the hub decides how it is to be sent.
const SAMPLE: usize = 512;
/// Parts of one upload at most; the stores take ten thousand.
const MOST_PARTS: usize = 10_000;
const LFS: &str = "application/vnd.git-lfs+json";
const NDJSON: &str = "application/x-ndjson";

/// A file to be sent.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its plain name.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Where a pushed model is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Its full name.
    pub id: String,
    /// Its page.
    pub url: String,
    /// The commit.
    pub commit: String,
    /// Bytes that went over the line.
    pub sent: u64,
}

/// How a file is to be sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mode {
    path: String,
    upload_mode: String,
    #[serde(default)]
    should_ignore: bool,
}

/// What the store wants with a large file.
#[derive(Deserialize)]
struct Object {
    oid: String,
    #[serde(default)]
    actions: Option<Actions>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Actions {
    #[serde(default)]
    upload: Option<Action>,
    #[serde(default)]
    verify: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: serde_json::Map<String, Value>,
}

/// Sends files as one commit to the main branch of a model, which is made if it is not there. An id without an owner is
/// the user's own. `tell` hears of each file how many bytes have gone.
///
/// # Errors
/// No token, no right to write there, a line that breaks. The model's page shows the commit whole or not at all.
pub fn push(
    hub: &Hub,
    id: &str,
    private: bool,
    message: &str,
    files: &[Upload],
    tell: &mut dyn FnMut(&str, u64),
) -> Result<Pushed, HubError> {
    if !is_id(id) {
        return Err(HubError::Name(id.to_owned()));
    }
    let push = Push { hub, id: full_name(hub, id)? };
    push.create(private)?;
    let modes = push.modes(files)?;
    let by = |mode: &'static str| {
        let chosen = modes.iter().filter(move |one| !one.should_ignore && one.upload_mode == mode);
        chosen.filter_map(|one| files.iter().find(|file| file.name == one.path)).collect::<Vec<_>>()
    };
    let (large, small) = (by("lfs"), by("regular"));
    let mut sent = 0;
    let large: Vec<(&Upload, String)> = large.into_iter().map(|file| (file, sha256(&file.bytes))).collect();
    if !large.is_empty() {
        sent += push.send_large(&large, tell)?;
    }
    let (commit, url) = push.commit(message, &large, &small)?;
    for file in small {
        sent += file.bytes.len() as u64;
        tell(&file.name, file.bytes.len() as u64);
    }
    Ok(Pushed { url, id: push.id, commit, sent })
}

/// The id with its owner.
fn full_name(hub: &Hub, id: &str) -> Result<String, HubError> {
    let url = format!("{}/api/whoami-v2", hub.endpoint());
    let mut answer = hub.judge(&url, id, hub.get(&url).call())?;
    let user = hub.json(&url, &mut answer)?;
    match user.get("name").and_then(Value::as_str) {
        _ if id.contains('/') => Ok(id.to_owned()),
        Some(name) if is_id(&format!("{name}/{id}")) => Ok(format!("{name}/{id}")),
        _ => Err(HubError::answer(&url, "it does not tell whose token this is")),
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Push<'a> {
    hub: &'a Hub,
    id: String,
}

impl Push<'_> {
    /// Asks the hub something with a body; the JSON of the answer.
    fn ask(&self, url: &str, kind: &str, body: &[u8]) -> Result<Value, HubError> {
        let request = self.hub.post(url).header(header::CONTENT_TYPE, kind).header(header::ACCEPT, accepted(kind));
        let mut answer = self.hub.judge(url, &self.id, request.send(body))?;
        self.hub.json(url, &mut answer)
    }

    fn ask_as<T: for<'de> Deserialize<'de>>(
        &self,
        url: &str,
        kind: &str,
        body: &Value,
        member: &str,
    ) -> Result<T, HubError> {
        let mut answer = self.ask(url, kind, body.to_string().as_bytes())?;
        let member = answer.get_mut(member).map(Value::take).unwrap_or_default();
        serde_json::from_value(member).map_err(|error| HubError::answer(url, error.to_string()))
    }

    /// Makes the model's place; it may be there.
    fn create(&self, private: bool) -> Result<(), HubError> {
        let url = format!("{}/api/repos/create", self.hub.endpoint());
        let (owner, name) = self.id.split_once('/').unwrap_or(("", &self.id));
        let body = json!({ "name": name, "organization": owner, "type": "model", "private": private });
        let answer =
            self.hub.post(&url).header(header::CONTENT_TYPE, "application/json").send(body.to_string().as_bytes());
        match answer {
            Ok(answer) if answer.status().as_u16() == 409 => Ok(()),
            answer => self.hub.judge(&url, &self.id, answer).map(drop),
        }
    }

    fn modes(&self, files: &[Upload]) -> Result<Vec<Mode>, HubError> {
        let url = format!("{}/api/models/{}/preupload/main", self.hub.endpoint(), self.id);
        let file = |file: &Upload| {
            let sample = file.bytes.get(..SAMPLE.min(file.bytes.len())).unwrap_or_default();
            json!({ "path": file.name, "size": file.bytes.len(), "sample": STANDARD.encode(sample) })
        };
        let body = json!({ "files": files.iter().map(file).collect::<Vec<_>>() });
        let modes: Vec<Mode> = self.ask_as(&url, "application/json", &body, "files")?;
        let is_told = |file: &Upload| {
            modes.iter().any(|mode| mode.path == file.name && matches!(mode.upload_mode.as_str(), "lfs" | "regular"))
        };
        match files.iter().find(|file| !is_told(file)) {
            Some(file) => Err(HubError::answer(&url, format!("it does not tell how to send {}", file.name))),
            None => Ok(modes),
        }
    }

    /// Sends large files to where the hub says; the bytes that went.
    fn send_large(&self, files: &[(&Upload, String)], tell: &mut dyn FnMut(&str, u64)) -> Result<u64, HubError> {
        let url = format!("{}/{}.git/info/lfs/objects/batch", self.hub.endpoint(), self.id);
        let objects: Vec<Value> =
            files.iter().map(|(file, oid)| json!({ "oid": oid, "size": file.bytes.len() })).collect();
        let body = json!({
            "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256", "ref": { "name": "main" },
            "objects": objects,
        });
        let objects: Vec<Object> = self.ask_as(&url, LFS, &body, "objects")?;
        let mut sent = 0;
        for (file, oid) in files {
            let object = objects.iter().find(|object| &object.oid == oid);
            let object = object
                .ok_or_else(|| HubError::answer(&url, format!("it does not tell where to send {}", file.name)))?;
            if let Some(error) = &object.error {
                return Err(HubError::answer(&url, format!("{} is refused: {error}", file.name)));
            }
            // Without an action the hub has it.
            let Some(actions) = &object.actions else { continue };
            if let Some(upload) = &actions.upload {
                self.send(file, oid, upload, tell)?;
                sent += file.bytes.len() as u64;
            }
            if let Some(verify) = &actions.verify {
                let body = json!({ "oid": oid, "size": file.bytes.len() }).to_string();
                let request = self.hub.post(&verify.href).header(header::CONTENT_TYPE, LFS);
                self.hub.judge(&verify.href, &self.id, request.send(body.as_bytes()))?;
            }
        }
        Ok(sent)
    }

    /// Sends one file: whole, or in the parts for which the store gave addresses.
    fn send(&self, file: &Upload, oid: &str, to: &Action, tell: &mut dyn FnMut(&str, u64)) -> Result<(), HubError> {
        let size = to.header.get("chunk_size").and_then(number);
        let Some(size) = size.filter(|size| *size > 0) else {
            return self.put(&to.href, &file.bytes, &mut |done| tell(&file.name, done)).map(drop);
        };
        let parts: Vec<&[u8]> = file.bytes.chunks(size).collect();
        let address = |at: usize| {
            let found = to.header.iter().find(|(key, _)| key.parse() == Ok(at + 1)).and_then(|(_, url)| url.as_str());
            let lacks = || {
                HubError::answer(&to.href, format!("it does not tell where to send part {} of {}", at + 1, file.name))
            };
            found.filter(|_| parts.len() <= MOST_PARTS).ok_or_else(lacks)
        };
        let mut marks = Vec::new();
        let mut before = 0;
        for (at, part) in parts.iter().enumerate() {
            let mark = self.put(address(at)?, part, &mut |done| tell(&file.name, before + done))?;
            marks.push(json!({ "partNumber": at + 1, "etag": mark }));
            before += part.len() as u64;
        }
        let body = json!({ "oid": oid, "parts": marks }).to_string();
        let request = self.hub.post_unsigned(&to.href).header(header::CONTENT_TYPE, LFS).header(header::ACCEPT, LFS);
        self.hub.judge(&to.href, &self.id, request.send(body.as_bytes())).map(drop)
    }

    /// Puts bytes to an address of the store; the mark that it gives them.
    fn put(&self, url: &str, bytes: &[u8], tell: &mut dyn FnMut(u64)) -> Result<String, HubError> {
        let mut counted = Counted { bytes, done: 0, tell };
        let request = self.hub.put(url).header(header::CONTENT_LENGTH, bytes.len().to_string());
        let answer = self.hub.judge(url, &self.id, request.send(SendBody::from_reader(&mut counted)))?;
        let mark = answer.headers().get(header::ETAG).and_then(|mark| mark.to_str().ok());
        Ok(mark.unwrap_or_default().to_owned())
    }

    /// The commit, and the page of the model.
    fn commit(
        &self,
        message: &str,
        large: &[(&Upload, String)],
        small: &[&Upload],
    ) -> Result<(String, String), HubError> {
        let url = format!("{}/api/models/{}/commit/main", self.hub.endpoint(), self.id);
        let head = json!({ "key": "header", "value": { "summary": message, "description": "" } });
        let small = small.iter().map(|file| {
            let content = STANDARD.encode(&file.bytes);
            json!({ "key": "file", "value": { "content": content, "path": file.name, "encoding": "base64" } })
        });
        let large = large.iter().map(|(file, oid)| {
            let size = file.bytes.len();
            json!({ "key": "lfsFile", "value": { "path": file.name, "algo": "sha256", "oid": oid, "size": size } })
        });
        let lines: Vec<String> =
            std::iter::once(head).chain(small).chain(large).map(|line| format!("{line}\n")).collect();
        let answer = self.ask(&url, NDJSON, lines.concat().as_bytes())?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let commit = text("commitOid").ok_or_else(|| HubError::answer(&url, "it names no commit"))?;
        Ok((commit, format!("{}/{}", self.hub.endpoint(), self.id)))
    }
}

fn accepted(kind: &str) -> &str {
    if kind == LFS { LFS } else { "application/json" }
}

/// A number, or the text of one.
fn number(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|n| usize::try_from(n).ok()).or_else(|| value.as_str()?.parse().ok())
}

/// Bytes that tell how many of them have been read.
struct Counted<'a> {
    bytes: &'a [u8],
    done: u64,
    tell: &'a mut dyn FnMut(u64),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.done += count as u64;
        (self.tell)(self.done);
        Ok(count)
    }
}
