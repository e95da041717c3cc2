//! Uploads a folder's files to the hub as one commit.
//!
//! Large files go to the storage server that the hub names, small ones into the commit. Files that the hub has already
//! are not sent again. The protocol is the one of huggingface_hub's `create_commit`.

use std::{
    io::{self, Read},
    ops::Range,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ureq::{SendBody, http::header::ETAG};

use super::{
    Hub, HubError, Progress,
    id::{is_hex, is_id},
    retry::{OnProgress, retry},
};

/// First bytes of a file, from which the hub decides how it must be sent.
const SAMPLE: usize = 512;
/// Largest number of parts of one upload; the storage servers accept ten thousand.
const MOST_PARTS: usize = 10_000;
const LFS: &str = "application/vnd.git-lfs+json";
const NDJSON: &str = "application/x-ndjson";

/// A file to upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// File name.
    pub name: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// An uploaded model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Name with owner.
    pub id: String,
    /// Address of its page.
    pub url: String,
    /// The commit.
    pub commit: String,
    /// Bytes that were sent.
    pub sent: u64,
}

/// Way in which a file must be sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mode {
    path: String,
    upload_mode: String,
    #[serde(default)]
    should_ignore: bool,
}

/// Requests that a large file needs.
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

/// Uploads files as one commit to the main branch of a model.
/// The model is created if necessary.
///
/// An id without an owner belongs to the user. A broken connection is tried again.
///
/// # Errors
/// No token, no permission to write, no connection. The commit then does not exist.
pub fn push(
    hub: &Hub,
    id: &str,
    private: bool,
    message: &str,
    files: &[Upload],
    report: &mut OnProgress,
) -> Result<Pushed, HubError> {
    if !is_id(id) {
        return Err(HubError::Name(id.to_owned()));
    }
    if hub.token_place().is_none() {
        return Err(HubError::NoToken);
    }
    let push = Push { hub, id: full_name(hub, id)? };
    push.create(private)?;
    let modes = push.modes(files)?;
    let large = by_mode(files, &modes, "lfs");
    let small = by_mode(files, &modes, "regular");
    let mut sent = 0;
    let large: Vec<(&Upload, String)> = large.into_iter().map(|file| (file, sha256(&file.bytes))).collect();
    if !large.is_empty() {
        sent += push.send_large(&large, report)?;
    }
    let (commit, url) = push.commit(message, &large, &small)?;
    for file in small {
        let size = file.bytes.len() as u64;
        sent += size;
        report(Progress::Bytes { file: &file.name, done: size, size });
    }
    Ok(Pushed { url, id: push.id, commit, sent })
}

/// Returns the files that must be sent in this mode.
fn by_mode<'a>(files: &'a [Upload], modes: &[Mode], mode: &str) -> Vec<&'a Upload> {
    let chosen = modes.iter().filter(|one| !one.should_ignore && one.upload_mode == mode);
    chosen.filter_map(|one| files.iter().find(|file| file.name == one.path)).collect()
}

/// Returns the id with its owner.
///
/// The hub is asked even if the id names one, so that an invalid token is reported before anything is sent.
fn full_name(hub: &Hub, id: &str) -> Result<String, HubError> {
    let url = hub.address("api/whoami-v2");
    let mut answer = hub.check(id, hub.first_get(&url)?)?;
    let user = hub.json(&url, &mut answer)?;
    if id.contains('/') {
        return Ok(id.to_owned());
    }
    let name = user.get("name").and_then(Value::as_str).map(|name| format!("{name}/{id}"));
    name.filter(|id| is_id(id)).ok_or_else(|| HubError::answer(&url, "it does not state whose token this is"))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Push<'a> {
    hub: &'a Hub,
    id: String,
}

impl Push<'_> {
    /// Sends a request with a body, and returns the JSON of the response.
    fn post(&self, url: &str, kind: &str, body: &[u8]) -> Result<Value, HubError> {
        let headers = [("content-type", kind), ("accept", accepted(kind))];
        let mut answer = self.hub.check(&self.id, self.hub.post(url, &headers, body)?)?;
        self.hub.json(url, &mut answer)
    }

    /// As [`Push::post`], and returns one member of the response.
    fn post_for<T: for<'de> Deserialize<'de>>(
        &self,
        url: &str,
        kind: &str,
        body: &Value,
        member: &str,
    ) -> Result<T, HubError> {
        let mut answer = self.post(url, kind, body.to_string().as_bytes())?;
        let member = answer.get_mut(member).map(Value::take).unwrap_or_default();
        serde_json::from_value(member).map_err(|error| HubError::answer(url, error.to_string()))
    }

    /// Creates the model's repository, unless it exists.
    fn create(&self, private: bool) -> Result<(), HubError> {
        let url = self.hub.address("api/repos/create");
        let (owner, name) = self.id.split_once('/').unwrap_or(("", &self.id));
        let mut body = json!({ "name": name, "organization": owner, "type": "model" });
        if private {
            // Not sent as false: the default of an organisation may be private.
            body["private"] = json!(true);
        }
        let headers = [("content-type", "application/json")];
        let answer = self.hub.post(&url, &headers, body.to_string().as_bytes())?;
        match answer.status().as_u16() {
            409 => Ok(()),
            // A user who may not create it may still be allowed to write to it.
            401..=403 if self.exists() => Ok(()),
            _ => self.hub.check(&self.id, answer).map(drop),
        }
    }

    fn exists(&self) -> bool {
        let url = self.hub.address(&format!("api/models/{}", self.id));
        self.hub.get(&url).is_ok_and(|answer| answer.status().is_success())
    }

    fn modes(&self, files: &[Upload]) -> Result<Vec<Mode>, HubError> {
        let url = self.hub.address(&format!("api/models/{}/preupload/main", self.id));
        let files_with_samples = files.iter().map(|file| {
            let sample = file.bytes.get(..SAMPLE.min(file.bytes.len())).unwrap_or_default();
            json!({ "path": file.name, "size": file.bytes.len(), "sample": STANDARD.encode(sample) })
        });
        let body = json!({ "files": files_with_samples.collect::<Vec<_>>() });
        let modes: Vec<Mode> = self.post_for(&url, "application/json", &body, "files")?;
        let known: Vec<&str> = modes
            .iter()
            .filter(|mode| matches!(mode.upload_mode.as_str(), "lfs" | "regular"))
            .map(|mode| mode.path.as_str())
            .collect();
        match files.iter().find(|file| !known.contains(&file.name.as_str())) {
            Some(file) => Err(HubError::answer(&url, format!("it does not state how to send {}", file.name))),
            None => Ok(modes),
        }
    }

    /// Sends large files to the addresses that the hub supplies.
    /// Returns the number of bytes sent.
    fn send_large(&self, files: &[(&Upload, String)], report: &mut OnProgress) -> Result<u64, HubError> {
        let url = self.hub.address(&format!("{}.git/info/lfs/objects/batch", self.id));
        let objects: Vec<Value> =
            files.iter().map(|(file, oid)| json!({ "oid": oid, "size": file.bytes.len() })).collect();
        let body = json!({
            "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256", "ref": { "name": "main" },
            "objects": objects,
        });
        let objects: Vec<Object> = self.post_for(&url, LFS, &body, "objects")?;
        let mut sent = 0;
        for (file, oid) in files {
            let object = objects.iter().find(|object| &object.oid == oid);
            let object = object
                .ok_or_else(|| HubError::answer(&url, format!("it does not state where to send {}", file.name)))?;
            if let Some(error) = &object.error {
                return Err(HubError::answer(&url, format!("{} is refused: {error}", file.name)));
            }
            // Without an action the hub has the file.
            let Some(actions) = &object.actions else { continue };
            if let Some(upload) = &actions.upload {
                self.send(file, oid, upload, report)?;
                sent += file.bytes.len() as u64;
            }
            if let Some(verify) = &actions.verify {
                let body = json!({ "oid": oid, "size": file.bytes.len() }).to_string();
                self.finish(&file.name, &verify.href, &body, report)?;
            }
        }
        Ok(sent)
    }

    /// Sends one file: in one request, or in the parts for which there are addresses.
    fn send(&self, file: &Upload, oid: &str, to: &Action, report: &mut OnProgress) -> Result<(), HubError> {
        let none = serde_json::Map::new();
        let header = to.header.as_ref().unwrap_or(&none);
        let (all, name) = (file.bytes.len(), &file.name);
        let Some(size) = header.get("chunk_size") else { return self.put(file, &to.href, 0..all, report).map(drop) };
        let size = number(size).filter(|size| *size > 0 && all.div_ceil(*size) <= MOST_PARTS).ok_or_else(|| {
            HubError::answer(&to.href, format!("it states no size of parts in which {name} can be sent"))
        })?;
        let mut marks = Vec::new();
        for (at, start) in (1..).zip((0..all).step_by(size)) {
            let address = header.iter().find(|(key, _)| key.parse() == Ok(at)).and_then(|(_, url)| url.as_str());
            let address = address.ok_or_else(|| {
                HubError::answer(&to.href, format!("it does not state where to send part {at} of {name}"))
            })?;
            let mark = self.put(file, address, start..all.min(start + size), report)?;
            let mark =
                mark.ok_or_else(|| HubError::answer(address, format!("it gives part {at} of {name} no mark")))?;
            marks.push(json!({ "partNumber": at, "etag": mark }));
        }
        self.finish(name, &to.href, &json!({ "oid": oid, "parts": marks }).to_string(), report)
    }

    /// Sends a part of a file to the storage server.
    /// Returns the mark (`etag`) that the server gives it.
    fn put(
        &self,
        file: &Upload,
        url: &str,
        part: Range<usize>,
        report: &mut OnProgress,
    ) -> Result<Option<String>, HubError> {
        let (url, size) = (self.hub.own_address(url), file.bytes.len() as u64);
        let bytes = file.bytes.get(part.clone()).unwrap_or_default();
        retry(&file.name, report, |report| {
            let mut before = |done: usize| {
                report(Progress::Bytes { file: &file.name, done: (part.start + done) as u64, size });
            };
            let mut counted = Counted { bytes, done: 0, report: &mut before };
            let sent = self.hub.put(&url, bytes.len() as u64, SendBody::from_reader(&mut counted))?;
            let answer = self.hub.check(&self.id, sent)?;
            let mark = answer.headers().get(ETAG).and_then(|mark| mark.to_str().ok());
            Ok(mark.filter(|mark| !mark.is_empty()).map(str::to_owned))
        })
    }

    /// Reports to an address that the hub supplied that a file is complete.
    fn finish(&self, file: &str, url: &str, body: &str, report: &mut OnProgress) -> Result<(), HubError> {
        let url = self.hub.own_address(url);
        retry(file, report, |_| {
            let headers = [("content-type", LFS), ("accept", LFS)];
            self.hub.check(&self.id, self.hub.post(&url, &headers, body.as_bytes())?).map(drop)
        })
    }

    /// Creates the commit. Returns it with the address of the model's page.
    fn commit(
        &self,
        message: &str,
        large: &[(&Upload, String)],
        small: &[&Upload],
    ) -> Result<(String, String), HubError> {
        let url = self.hub.address(&format!("api/models/{}/commit/main", self.id));
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
        let answer = self.post(&url, NDJSON, lines.concat().as_bytes())?;
        let commit = answer.get("commitOid").and_then(Value::as_str).filter(|commit| is_hex(commit, 40));
        let commit = commit.ok_or_else(|| HubError::answer(&url, "it names no commit"))?;
        Ok((commit.to_owned(), format!("{}/{}", self.hub.endpoint(), self.id)))
    }
}

fn accepted(kind: &str) -> &str {
    if kind == LFS { LFS } else { "application/json" }
}

/// Parses a number, or the text of one.
fn number(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|n| usize::try_from(n).ok()).or_else(|| value.as_str()?.parse().ok())
}

/// Reader of bytes that reports how many of them were read.
struct Counted<'a> {
    bytes: &'a [u8],
    done: usize,
    report: &'a mut dyn FnMut(usize),
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.done += count;
        (self.report)(self.done);
        Ok(count)
    }
}
