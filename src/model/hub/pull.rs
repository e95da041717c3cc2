//! Fetches a model into the cache: what it is made of is asked once, then each file is fetched at that commit, gone on with
//! where a line broke, and held against its checksum before anybody sees it.
//!
//! Not hf-hub's own download: that puts a file under its name before anybody has looked at its checksum, takes a server's
//! `etag` as a path, and panics on answers that it does not expect.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use ureq::{Body, http::Response};

use super::{
    Hub, HubError, Progress,
    cache::{Fetching, Place},
    client::{host, unreachable},
    is_id,
    retry::{Patience, Tell, again},
};
use crate::model::{config, folder::is_whole};

/// Bytes that are read at once.
const PORTION: usize = 64 << 10;
/// Files beside the weights; the first must be there.
const BESIDE: [&str; 5] =
    ["config.json", "tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"];

/// A model that is in the cache, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The folder with its files.
    pub folder: PathBuf,
    /// The commit that they are of.
    pub commit: String,
    /// Its files with their sizes in bytes.
    pub files: Vec<(String, u64)>,
    /// Bytes that came over the line now.
    pub fetched: u64,
}

/// What a hub says about a model.
#[derive(Deserialize)]
struct Info {
    sha: String,
    #[serde(default)]
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default, rename = "blobId")]
    blob: Option<String>,
    #[serde(default)]
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

/// A file to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    size: u64,
    sum: Sum,
}

/// The checksum by which the hub and the cache know a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sum {
    /// Of large files.
    Sha256(String),
    /// Of small ones, with git's head before them.
    Git(String),
}

impl Sum {
    fn text(&self) -> &str {
        match self {
            Self::Sha256(text) | Self::Git(text) => text,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256",
            Self::Git(_) => "git SHA-1",
        }
    }

    /// The checksum of what a reader gives.
    fn of(&self, from: &mut impl Read, size: u64) -> io::Result<String> {
        match self {
            Self::Sha256(_) => digest(Sha256::new(), from),
            Self::Git(_) => digest(Sha1::new_with_prefix(format!("blob {size}\0")), from),
        }
    }
}

fn digest(mut sum: impl Digest, from: &mut impl Read) -> io::Result<String> {
    let mut portion = vec![0; PORTION];
    loop {
        match from.read(&mut portion)? {
            0 => return Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            count => sum.update(portion.get(..count).unwrap_or_default()),
        }
    }
}

/// Fetches the main branch of a model into the cache at `cache`. What is there already is not fetched again.
///
/// # Errors
/// No such model, none that could be read here, a line that stays broken, a disk that is full. What has come is kept.
pub fn pull(hub: &Hub, cache: &Path, id: &str, tell: &mut Tell) -> Result<Pulled, HubError> {
    if !is_id(id) {
        return Err(HubError::Name(id.to_owned()));
    }
    let url = format!("{}/api/models/{id}/revision/main?blobs=true", hub.endpoint());
    let info = again(id, tell, |_| {
        let mut answer = hub.judge(&url, id, Ok(hub.ask(&url)?))?;
        let json = hub.json(&url, &mut answer)?;
        serde_json::from_value::<Info>(json).map_err(|error| HubError::answer(&url, error.to_string()))
    })?;
    if !is_hex(&info.sha, 40) {
        return Err(HubError::answer(&url, "it names no commit"));
    }
    let wanted = wanted(id, &url, &info.siblings)?;
    let pull = Pull { hub, place: Place::new(cache, id), id, commit: &info.sha };
    let mut fetched = 0;
    for (at, file) in wanted.iter().enumerate() {
        fetched += pull.file(file, &wanted[at..], tell)?;
        if at == 0 {
            pull.look_at_config()?;
        }
    }
    let folder = pull.place.snapshot(&info.sha);
    // Else whoever asks whether it is here would fetch it again and again.
    if !is_whole(&folder) {
        let why = "its index names weight files that it does not have".to_owned();
        return Err(HubError::Unfit { id: id.to_owned(), why });
    }
    pull.place.name(&info.sha)?;
    let files = wanted.into_iter().map(|file| (file.name, file.size)).collect();
    Ok(Pulled { folder, commit: info.sha, files, fetched })
}

/// The files to be fetched, the configuration first.
fn wanted(id: &str, url: &str, siblings: &[Sibling]) -> Result<Vec<Wanted>, HubError> {
    let unfit = |why: &str| HubError::Unfit { id: id.to_owned(), why: why.to_owned() };
    let find = |name: &str| siblings.iter().find(|file| file.rfilename == name);
    let mut chosen: Vec<&Sibling> = BESIDE.into_iter().filter_map(find).collect();
    if find("config.json").is_none() {
        return Err(unfit("it has no config.json: no model for transformers"));
    }
    if find("tokenizer.json").or_else(|| find("vocab.txt")).is_none() {
        return Err(unfit("it has neither tokenizer.json nor vocab.txt"));
    }
    chosen.extend(weights(siblings).ok_or_else(|| {
        unfit("it has neither model.safetensors nor pytorch_model.bin; weights of other frameworks cannot be read")
    })?);
    chosen.into_iter().map(|file| describe(file, url)).collect()
}

/// The weight files by preference: one safetensors file, several with an index, the same of PyTorch's own kind.
fn weights(siblings: &[Sibling]) -> Option<Vec<&Sibling>> {
    let find = |name: &str| siblings.iter().find(|file| file.rfilename == name);
    for (stem, end) in [("model", ".safetensors"), ("pytorch_model", ".bin")] {
        if let Some(single) = find(&format!("{stem}{end}")) {
            return Some(vec![single]);
        }
        let Some(index) = find(&format!("{stem}{end}.index.json")) else { continue };
        let is_shard = |name: &str| {
            let numbers = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(end)).unwrap_or_default();
            let numbers = numbers.strip_prefix('-').and_then(|numbers| numbers.split_once("-of-"));
            let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            numbers.is_some_and(|(at, of)| is_number(at) && is_number(of))
        };
        let shards = siblings.iter().filter(|file| is_shard(&file.rfilename));
        return Some(std::iter::once(index).chain(shards).collect());
    }
    None
}

/// A sibling's size and checksum. The checksum names a file of the cache, so it must be one.
fn describe(file: &Sibling, url: &str) -> Result<Wanted, HubError> {
    let lacks = |what: &str| HubError::answer(url, format!("it does not tell {what} of {}", file.rfilename));
    let (size, sum) = match (&file.lfs, &file.blob) {
        (Some(lfs), _) if is_hex(&lfs.sha256, 64) => (Some(lfs.size), Sum::Sha256(lfs.sha256.clone())),
        (None, Some(blob)) if is_hex(blob, 40) => (file.size, Sum::Git(blob.clone())),
        _ => return Err(lacks("the checksum")),
    };
    Ok(Wanted { name: file.rfilename.clone(), size: size.ok_or_else(|| lacks("the size"))?, sum })
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

struct Pull<'a> {
    hub: &'a Hub,
    place: Place,
    id: &'a str,
    commit: &'a str,
}

impl Pull<'_> {
    /// Fetches a file if it is not there; `rest` are this one and those that follow. Bytes that came over the line.
    fn file(&self, file: &Wanted, rest: &[Wanted], tell: &mut Tell) -> Result<u64, HubError> {
        let (name, sum, size) = (file.name.as_str(), file.sum.text(), file.size);
        let mut fetched = 0;
        if self.place.blob(sum, size).is_none() {
            let fetching = self.place.fetch(sum, &mut || tell(Progress::Waiting { file: name }))?;
            // Another program may have been faster.
            if self.place.blob(sum, size).is_none() {
                self.has_room(rest, fetching.so_far())?;
                fetched = self.fetch(file, fetching, tell)?;
            }
        }
        tell(Progress::Bytes { file: name, done: size, size });
        self.place.point(self.commit, name, sum)?;
        Ok(fetched)
    }

    fn has_room(&self, rest: &[Wanted], so_far: u64) -> Result<(), HubError> {
        let missing = rest.iter().filter(|file| self.place.blob(file.sum.text(), file.size).is_none());
        let needed = missing.map(|file| file.size).fold(0, u64::saturating_add).saturating_sub(so_far);
        match self.place.free() {
            Some(free) if free < needed => Err(HubError::NoRoom { path: self.place.shown(), needed, free }),
            _ => Ok(()),
        }
    }

    fn fetch(&self, file: &Wanted, fetching: Fetching, tell: &mut Tell) -> Result<u64, HubError> {
        let mut fetched = 0;
        let mut found = String::new();
        // What was found half done may be the cause of a wrong checksum; then once more from the beginning.
        for is_last in [fetching.so_far() == 0, true] {
            let mut patience = Patience::default();
            let mut furthest = fetching.so_far();
            while let Err(error) = self.portion(file, &fetching, &mut fetched, tell) {
                let so_far = fetching.so_far();
                if so_far > furthest {
                    patience.renew();
                    furthest = so_far;
                }
                patience.rest(&file.name, error, tell)?;
            }
            let disk = |error| HubError::disk(&fetching.part, error);
            found = File::open(&fetching.part).and_then(|mut part| file.sum.of(&mut part, file.size)).map_err(disk)?;
            if found == file.sum.text() {
                fetching.finish()?;
                return Ok(fetched);
            }
            fetching.discard();
            if is_last {
                break;
            }
        }
        let (kind, expected) = (file.sum.kind(), file.sum.text().to_owned());
        Err(HubError::Damaged { file: file.name.clone(), kind, expected, found })
    }

    /// Fetches what is missing of a file, as far as the line holds.
    fn portion(&self, file: &Wanted, fetching: &Fetching, fetched: &mut u64, tell: &mut Tell) -> Result<(), HubError> {
        let so_far = match fetching.so_far() {
            all if all == file.size && all > 0 => return Ok(()),
            more if more > file.size => 0,
            part => part,
        };
        let url = format!("{}/{}/resolve/{}/{}", self.hub.endpoint(), self.id, self.commit, file.name);
        let request = self.hub.get(&url);
        let request = if so_far > 0 { request.header("range", format!("bytes={so_far}-")) } else { request };
        let mut answer = self.hub.judge(&url, self.id, request.call())?;
        let mut done = if so_far > 0 && begins_at(&answer, so_far) { so_far } else { 0 };
        let disk = |error| HubError::disk(&fetching.part, error);
        let mut to = fetching.open(done).map_err(disk)?;
        // One byte more than announced tells that it is another file.
        let mut from = answer.body_mut().as_reader().take(file.size.saturating_sub(done).saturating_add(1));
        let mut portion = vec![0; PORTION];
        loop {
            let count = from.read(&mut portion).map_err(|error| unreachable(&url, &ureq::Error::Io(error)))?;
            if count == 0 {
                break;
            }
            to.write_all(portion.get(..count).unwrap_or_default()).map_err(disk)?;
            done += count as u64;
            *fetched += count as u64;
            tell(Progress::Bytes { file: &file.name, done: done.min(file.size), size: file.size });
        }
        match done {
            done if done < file.size => {
                let why = format!("the line ended after {done} of {} bytes", file.size);
                Err(HubError::Unreachable { place: host(&url), why })
            }
            _ => Ok(()),
        }
    }

    /// Whether the model is of a kind that can be read: known before its weights are fetched.
    fn look_at_config(&self) -> Result<(), HubError> {
        let path = self.place.snapshot(self.commit).join("config.json");
        let json = std::fs::read(&path).map_err(|error| HubError::disk(&path, error))?;
        let parsed = config::parse(&json, "config.json");
        parsed.map(drop).map_err(|error| HubError::Unfit { id: self.id.to_owned(), why: error.to_string() })
    }
}

/// Whether an answer is the rest that was asked for, rather than the whole.
fn begins_at(answer: &Response<Body>, so_far: u64) -> bool {
    let range = answer.headers().get("content-range").and_then(|range| range.to_str().ok()).unwrap_or_default();
    answer.status().as_u16() == 206 && range.trim_start_matches("bytes ").starts_with(&format!("{so_far}-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sibling(name: &str) -> Sibling {
        Sibling { rfilename: name.into(), size: Some(3), blob: Some("a".repeat(40)), lfs: None }
    }

    fn names(all: &[&str]) -> Result<Vec<String>, String> {
        let siblings: Vec<Sibling> = all.iter().map(|name| sibling(name)).collect();
        let chosen = wanted("x", "u", &siblings).map_err(|error| error.to_string())?;
        Ok(chosen.into_iter().map(|file| file.name).collect())
    }

    #[test]
    fn only_what_a_model_is_made_of_is_fetched_safetensors_first() {
        let all = ["README.md", "tf_model.h5", "pytorch_model.bin", "model.safetensors", "vocab.txt", "config.json"];
        assert_eq!(names(&all).unwrap(), ["config.json", "vocab.txt", "model.safetensors"]);
        let old = ["pytorch_model.bin", "tokenizer.json", "config.json", "../../escape", "model.safetensors.old"];
        assert_eq!(names(&old).unwrap(), ["config.json", "tokenizer.json", "pytorch_model.bin"]);
        let shards = [
            "config.json",
            "vocab.txt",
            "model.safetensors.index.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model-x-of-00002.safetensors",
            "model-1-of-2/../x.safetensors",
        ];
        assert_eq!(names(&shards).unwrap()[2..], shards[2..5]);
        assert!(names(&["vocab.txt", "model.safetensors"]).unwrap_err().contains("no config.json"));
        assert!(names(&["config.json", "model.safetensors"]).unwrap_err().contains("tokenizer.json"));
        assert!(names(&["config.json", "vocab.txt", "tf_model.h5"]).unwrap_err().contains("pytorch_model.bin"));
    }

    #[test]
    fn a_checksum_that_is_none_never_names_a_file() {
        for bad in ["../../../../etc/passwd", "", &"A".repeat(40), &"a".repeat(39)] {
            let file = Sibling { blob: Some(bad.to_owned()), ..sibling("config.json") };
            assert!(describe(&file, "u").is_err(), "{bad}");
            let lfs = Some(Lfs { sha256: bad.to_owned(), size: 1 });
            assert!(describe(&Sibling { lfs, ..sibling("config.json") }, "u").is_err(), "{bad}");
        }
        assert!(describe(&Sibling { size: None, ..sibling("x") }, "u").is_err());
    }

    #[test]
    fn checksums_are_gits_and_sha256() {
        // `printf hello | git hash-object --stdin`, `printf hello | sha256sum`.
        let git = Sum::Git(String::new()).of(&mut &b"hello"[..], 5).unwrap();
        assert_eq!(git, "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
        let sha = Sum::Sha256(String::new()).of(&mut &b"hello"[..], 5).unwrap();
        assert_eq!(sha, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    }
}
