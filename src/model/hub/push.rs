//! Sends a folder's files to the hub as one commit: large ones to the store that the hub names, small ones within the commit.
//! What the hub has already is not sent again. The protocol is that of huggingface_hub's `create_commit`.

use std::{
    io::{self, Read},
    ops::Range,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ureq::{SendBody, http::header};

use super::{
    Hub, HubError, Progress, is_id,
    retry::{Tell, again},
};

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
    header: Option<serde_json::Map<String, Value>>,
}

/// Sends files as one commit to the main branch of a model, which is made if it is not there. An id without an owner is
/// the user's own. A line that breaks is tried again.
///
/// # Errors
/// No token, no right to write there, a line that breaks. The model's page shows the commit whole or not at all.
pub fn push(
    hub: &Hub,
    id: &str,
    private: bool,
    message: &str,
    files: &[Upload],
    tell: &mut Tell,
) -> Result<Pushed, HubError> {
    if !is_id(id) {
        return Err(HubError::Name(id.to_owned()));
    }
    if !hub.has_token() {
        return Err(HubError::NoToken);
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
        let size = file.bytes.len() as u64;
        sent += size;
        tell(Progress::Bytes { file: &file.name, done: size, size });
    }
    Ok(Pushed { url, id: push.id, commit, sent })
}

/// The id with its owner. Asked also where it has one: a token that is none is told before anything is sent.
fn full_name(hub: &Hub, id: &str) -> Result<String, HubError> {
    let url = format!("{}/api/whoami-v2", hub.endpoint());
    let mut answer = hub.judge(&url, id, Ok(hub.ask(&url)?))?;
    let user = hub.json(&url, &mut answer)?;
    if id.contains('/') {
        return Ok(id.to_owned());
    }
    let name = user.get("name").and_then(Value::as_str).map(|name| format!("{name}/{id}"));
    name.filter(|id| is_id(id)).ok_or_else(|| HubError::answer(&url, "it does not tell whose token this is"))
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
        let mut body = json!({ "name": name, "organization": owner, "type": "model" });
        if private {
            // Not told otherwise: an organisation's own default may be private.
            body["private"] = json!(true);
        }
        let request = self.hub.post(&url).header(header::CONTENT_TYPE, "application/json");
        match request.send(body.to_string().as_bytes()) {
            Ok(answer) if answer.status().as_u16() == 409 => Ok(()),
            // Who may not make it may still be allowed to write to it.
            Ok(answer) if matches!(answer.status().as_u16(), 401..=403) && self.is_there() => Ok(()),
            answer => self.hub.judge(&url, &self.id, answer).map(drop),
        }
    }

    fn is_there(&self) -> bool {
        let url = format!("{}/api/models/{}", self.hub.endpoint(), self.id);
        self.hub.get(&url).call().is_ok_and(|answer| answer.status().is_success())
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
    fn send_large(&self, files: &[(&Upload, String)], tell: &mut Tell) -> Result<u64, HubError> {
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
                self.finish(&file.name, &verify.href, &body, tell)?;
            }
        }
        Ok(sent)
    }

    /// Sends one file: whole, or in the parts for which the store gave addresses.
    fn send(&self, file: &Upload, oid: &str, to: &Action, tell: &mut Tell) -> Result<(), HubError> {
        let none = serde_json::Map::new();
        let (header, all) = (to.header.as_ref().unwrap_or(&none), file.bytes.len());
        let wrong = |why: String| HubError::answer(&to.href, why);
        let Some(size) = header.get("chunk_size") else { return self.put(file, &to.href, 0..all, tell).map(drop) };
        let size = number(size).filter(|size| *size > 0 && all.div_ceil(*size) <= MOST_PARTS);
        let size =
            size.ok_or_else(|| wrong(format!("it tells no size of parts in which {} can be sent", file.name)))?;
        let mut marks = Vec::new();
        for (at, start) in (1..).zip((0..all).step_by(size)) {
            let address = header.iter().find(|(key, _)| key.parse() == Ok(at)).and_then(|(_, url)| url.as_str());
            let lacks = || wrong(format!("it does not tell where to send part {at} of {}", file.name));
            let address = address.ok_or_else(lacks)?;
            let mark = self.put(file, address, start..all.min(start + size), tell)?;
            let lacks = || HubError::answer(address, format!("it gives part {at} of {} no mark", file.name));
            marks.push(json!({ "partNumber": at, "etag": mark.ok_or_else(lacks)? }));
        }
        self.finish(&file.name, &to.href, &json!({ "oid": oid, "parts": marks }).to_string(), tell)
    }

    /// Puts a part of a file to an address of the store; the mark that it gives it.
    fn put(&self, file: &Upload, url: &str, part: Range<usize>, tell: &mut Tell) -> Result<Option<String>, HubError> {
        let (url, size) = (self.hub.told(url), file.bytes.len() as u64);
        let bytes = file.bytes.get(part.clone()).unwrap_or_default();
        again(&file.name, tell, |tell| {
            let mut before = |done: usize| {
                tell(Progress::Bytes { file: &file.name, done: (part.start + done) as u64, size });
            };
            let mut counted = Counted { bytes, done: 0, tell: &mut before };
            let request = self.hub.put(&url).header(header::CONTENT_LENGTH, bytes.len().to_string());
            let answer = self.hub.judge(&url, &self.id, request.send(SendBody::from_reader(&mut counted)))?;
            let mark = answer.headers().get(header::ETAG).and_then(|mark| mark.to_str().ok());
            Ok(mark.filter(|mark| !mark.is_empty()).map(str::to_owned))
        })
    }

    /// Tells an address that the hub gave that a file is all there.
    fn finish(&self, file: &str, url: &str, body: &str, tell: &mut Tell) -> Result<(), HubError> {
        let url = self.hub.told(url);
        again(file, tell, |_| {
            let request = self.hub.post(&url).header(header::CONTENT_TYPE, LFS).header(header::ACCEPT, LFS);
            self.hub.judge(&url, &self.id, request.send(body.as_bytes())).map(drop)
        })
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
    done: usize,
    tell: &'a mut dyn FnMut(usize),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.done += count;
        (self.tell)(self.done);
        Ok(count)
    }
}
