//! Downloads a model into the cache.
//!
//! The list of files is requested once; then each file of that commit is downloaded. A broken download continues, and
//! a file gets its name only after its checksum was verified. The crate hf-hub names the folders of the cache; it does not
//! download, because it stores a file before its checksum is verified, takes a server's `etag` as a path, and panics on
//! unexpected responses.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use ureq::{Body, http::Response};

use super::{
    Hub, HubError, Progress,
    cache::{CachedRepo, Download},
    client::{host, unreachable},
    id::{is_hex, is_id},
    retry::{Backoff, OnProgress, retry},
};
use crate::model::{
    base::is_whole,
    config,
    files::{TOKENIZER_FILES, read_file},
};

/// Bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// A model that is complete in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Folder of its files.
    pub folder: PathBuf,
    /// Commit of the files.
    pub commit: String,
    /// File names with sizes in bytes.
    pub files: Vec<(String, u64)>,
    /// Bytes that were downloaded now.
    pub fetched: u64,
}

/// Response of a hub about a model.
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

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    name: String,
    size: u64,
    sum: Sum,
}

/// Checksum by which the hub and the cache identify a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sum {
    /// SHA-256, for large files.
    Sha256(String),
    /// Git's SHA-1 of a blob, for small files.
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

    /// Computes the checksum of a file of this size.
    fn of(&self, from: &mut impl Read, size: u64) -> io::Result<String> {
        match self {
            Self::Sha256(_) => digest(Sha256::new(), from),
            Self::Git(_) => digest(Sha1::new_with_prefix(format!("blob {size}\0")), from),
        }
    }
}

fn digest(mut sum: impl Digest, from: &mut impl Read) -> io::Result<String> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk)? {
            0 => return Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            count => sum.update(chunk.get(..count).unwrap_or_default()),
        }
    }
}

/// Downloads the main branch of a model into the cache at `cache`.
/// Files that are already there are not downloaded.
///
/// # Errors
/// No such model, an unsupported one, no connection, a full disk. What was received is kept.
pub fn pull(hub: &Hub, cache: &Path, id: &str, report: &mut OnProgress) -> Result<Pulled, HubError> {
    let (commit, wanted) = files(hub, id, report)?;
    let pull = Pull { hub, repo: CachedRepo::new(cache, id), id, commit: &commit };
    let mut fetched = 0;
    for (at, file) in wanted.iter().enumerate() {
        fetched += pull.pull_file(file, &wanted[at..], report)?;
        if at == 0 {
            pull.check_config()?;
        }
    }
    let folder = pull.repo.snapshot(&commit);
    // Otherwise every later use would download it again.
    if !is_whole(&folder) {
        return Err(unfit(id, "its index names weight files that it does not have"));
    }
    pull.repo.set_main(&commit)?;
    let files = wanted.into_iter().map(|file| (file.name, file.size)).collect();
    Ok(Pulled { folder, commit, files, fetched })
}

/// Asks how many bytes of a model the cache at `cache` lacks, without sending the token.
///
/// `None` if the hub answers this only to the owner of the token.
///
/// # Errors
/// No such model, an unsupported one, no connection.
pub fn missing_bytes(hub: &Hub, cache: &Path, id: &str) -> Result<Option<u64>, HubError> {
    let wanted = match files(&hub.without_token(), id, &mut |_| ()) {
        Ok((_, wanted)) => wanted,
        Err(HubError::Refused { .. }) if hub.token_place().is_some() => return Ok(None),
        Err(error) => return Err(error),
    };
    let repo = CachedRepo::new(cache, id);
    let missing = wanted.iter().filter(|file| repo.blob(file.sum.text(), file.size).is_none());
    Ok(Some(missing.map(|file| file.size).fold(0, u64::saturating_add)))
}

/// Asks for the commit of a model's main branch, and its files to download, the configuration first.
fn files(hub: &Hub, id: &str, report: &mut OnProgress) -> Result<(String, Vec<Wanted>), HubError> {
    if !is_id(id) {
        return Err(HubError::Name(id.to_owned()));
    }
    let url = hub.address(&format!("api/models/{id}/revision/main?blobs=true"));
    let info = retry(id, report, |_| {
        let mut answer = hub.check(id, hub.first_get(&url)?)?;
        let json = hub.json(&url, &mut answer)?;
        serde_json::from_value::<Info>(json).map_err(|error| HubError::answer(&url, error.to_string()))
    })?;
    if !is_hex(&info.sha, 40) {
        return Err(HubError::answer(&url, "it names no commit"));
    }
    let wanted = wanted(id, &url, &info.siblings)?;
    Ok((info.sha, wanted))
}

/// Returns the files to download, the configuration first.
fn wanted(id: &str, url: &str, siblings: &[Sibling]) -> Result<Vec<Wanted>, HubError> {
    let config = find(siblings, "config.json")
        .ok_or_else(|| unfit(id, "it has no config.json, so it is not a model for transformers"))?;
    let mut chosen = vec![config];
    chosen.extend(TOKENIZER_FILES.into_iter().filter_map(|name| find(siblings, name)));
    if find(siblings, "tokenizer.json").or_else(|| find(siblings, "vocab.txt")).is_none() {
        return Err(unfit(id, "it has neither tokenizer.json nor vocab.txt"));
    }
    chosen.extend(weights(siblings).ok_or_else(|| {
        unfit(id, "it has neither model.safetensors nor pytorch_model.bin; weights of other frameworks cannot be read")
    })?);
    chosen.into_iter().map(|file| describe(file, url)).collect()
}

fn unfit(id: &str, why: &str) -> HubError {
    HubError::Unfit { id: id.to_owned(), why: why.to_owned() }
}

fn find<'a>(siblings: &'a [Sibling], name: &str) -> Option<&'a Sibling> {
    siblings.iter().find(|file| file.rfilename == name)
}

/// Returns the preferred weight files.
/// One safetensors file, several with an index, or PyTorch's own kind.
fn weights(siblings: &[Sibling]) -> Option<Vec<&Sibling>> {
    for (stem, end) in [("model", ".safetensors"), ("pytorch_model", ".bin")] {
        if let Some(single) = find(siblings, &format!("{stem}{end}")) {
            return Some(vec![single]);
        }
        if let Some(index) = find(siblings, &format!("{stem}{end}.index.json")) {
            let shards = siblings.iter().filter(|file| is_shard(&file.rfilename, stem, end));
            return Some(std::iter::once(index).chain(shards).collect());
        }
    }
    None
}

/// Whether a file is one of several with weights.
/// `model-00001-of-00002.safetensors`.
fn is_shard(name: &str, stem: &str, end: &str) -> bool {
    let numbers = name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(end)).unwrap_or_default();
    let numbers = numbers.strip_prefix('-').and_then(|numbers| numbers.split_once("-of-"));
    numbers.is_some_and(|(at, of)| is_number(at) && is_number(of))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns size and checksum of a file.
/// The checksum becomes a file name in the cache, so its form is verified.
fn describe(file: &Sibling, url: &str) -> Result<Wanted, HubError> {
    let (size, sum) = match (&file.lfs, &file.blob) {
        (Some(lfs), _) if is_hex(&lfs.sha256, 64) => (Some(lfs.size), Sum::Sha256(lfs.sha256.clone())),
        (None, Some(blob)) if is_hex(blob, 40) => (file.size, Sum::Git(blob.clone())),
        _ => return Err(lacks(file, url, "the checksum")),
    };
    Ok(Wanted { name: file.rfilename.clone(), size: size.ok_or_else(|| lacks(file, url, "the size"))?, sum })
}

fn lacks(file: &Sibling, url: &str, what: &str) -> HubError {
    HubError::answer(url, format!("it does not state {what} of {}", file.rfilename))
}

struct Pull<'a> {
    hub: &'a Hub,
    repo: CachedRepo,
    id: &'a str,
    commit: &'a str,
}

impl Pull<'_> {
    /// Downloads a file unless it is there; `rest` is this file and the following ones.
    /// Returns the downloaded bytes.
    fn pull_file(&self, file: &Wanted, rest: &[Wanted], report: &mut OnProgress) -> Result<u64, HubError> {
        let (name, sum, size) = (file.name.as_str(), file.sum.text(), file.size);
        let mut fetched = 0;
        if self.repo.blob(sum, size).is_none() {
            let download = self.repo.download(sum, &mut || report(Progress::Waiting { file: name }))?;
            // Another program may have downloaded it meanwhile.
            if self.repo.blob(sum, size).is_none() {
                self.check_room(rest, download.received())?;
                fetched = self.download(file, download, report)?;
            }
        }
        report(Progress::Bytes { file: name, done: size, size });
        self.repo.link(self.commit, name, sum)?;
        Ok(fetched)
    }

    fn check_room(&self, rest: &[Wanted], so_far: u64) -> Result<(), HubError> {
        let missing = rest.iter().filter(|file| self.repo.blob(file.sum.text(), file.size).is_none());
        let needed = missing.map(|file| file.size).fold(0, u64::saturating_add).saturating_sub(so_far);
        match self.repo.free_bytes() {
            Some(free) if free < needed => Err(HubError::NoRoom { path: self.repo.display(), needed, free }),
            _ => Ok(()),
        }
    }

    fn download(&self, file: &Wanted, download: Download, report: &mut OnProgress) -> Result<u64, HubError> {
        let until = Instant::now() + self.hub.limits().for_bytes(file.size);
        let mut fetched = 0;
        let mut found = String::new();
        // A part from an earlier attempt may cause a wrong checksum; then download once more from the start.
        for is_last in [download.received() == 0, true] {
            let mut backoff = Backoff::default();
            let mut furthest = download.received();
            while let Err(error) = self.download_rest(file, &download, until, &mut fetched, report) {
                let so_far = download.received();
                if so_far > furthest {
                    backoff.reset();
                    furthest = so_far;
                }
                backoff.wait(&file.name, error, report)?;
            }
            found = File::open(&download.part)
                .and_then(|mut part| file.sum.of(&mut part, file.size))
                .map_err(|error| HubError::disk(&download.part, error))?;
            if found == file.sum.text() {
                download.finish()?;
                return Ok(fetched);
            }
            download.discard();
            if is_last {
                break;
            }
        }
        let (kind, expected) = (file.sum.kind(), file.sum.text().to_owned());
        Err(HubError::Damaged { file: file.name.clone(), kind, expected, found })
    }

    /// Downloads the missing part of a file, until the connection breaks or the time is over.
    fn download_rest(
        &self,
        file: &Wanted,
        download: &Download,
        until: Instant,
        fetched: &mut u64,
        report: &mut OnProgress,
    ) -> Result<(), HubError> {
        let so_far = match download.received() {
            all if all == file.size && all > 0 => return Ok(()),
            more if more > file.size => 0,
            part => part,
        };
        self.hub.check_wanted()?;
        let left = until.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return Err(HubError::Slow { file: file.name.clone() });
        }
        let url = self.hub.address(&format!("{}/resolve/{}/{}", self.id, self.commit, file.name));
        let range = format!("bytes={so_far}-");
        let headers = [("range", range.as_str())];
        let headers = if so_far > 0 { &headers[..] } else { &[] };
        let mut answer = self.hub.check(self.id, self.hub.get_file(&url, headers, left)?)?;
        let mut done = if so_far > 0 && starts_at(&answer, so_far) { so_far } else { 0 };
        let disk = |error| HubError::disk(&download.part, error);
        let mut to = download.open(done).map_err(disk)?;
        // One byte more than announced shows that it is another file.
        let mut from = answer.body_mut().as_reader().take(file.size.saturating_sub(done).saturating_add(1));
        let mut chunk = vec![0; CHUNK];
        loop {
            self.hub.check_wanted()?;
            let count = from.read(&mut chunk).map_err(|error| unreachable(&url, &ureq::Error::Io(error)))?;
            if count == 0 {
                break;
            }
            to.write_all(chunk.get(..count).unwrap_or_default()).map_err(disk)?;
            done += count as u64;
            *fetched += count as u64;
            report(Progress::Bytes { file: &file.name, done: done.min(file.size), size: file.size });
        }
        match done {
            done if done < file.size => {
                let why = format!("the connection ended after {done} of {} bytes", file.size);
                Err(HubError::Unreachable { place: host(&url), why })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the model can be opened, before its weights are downloaded.
    fn check_config(&self) -> Result<(), HubError> {
        let folder = self.repo.snapshot(self.commit);
        let json = read_file(&folder, "config.json").map_err(|error| HubError::disk(&folder, error))?;
        let json = json.ok_or_else(|| unfit(self.id, "its config.json is gone"))?;
        let parsed = config::parse(&json, "config.json");
        parsed.map(drop).map_err(|error| HubError::Unfit { id: self.id.to_owned(), why: error.to_string() })
    }
}

/// Whether a response is the requested rest rather than the whole file.
fn starts_at(answer: &Response<Body>, so_far: u64) -> bool {
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
