//! A small hub on loopback with the routes that the real one has for models, and the faults that lines and servers have.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The commit of everything here.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// Files from this size on go through the store, with a SHA-256.
const LARGE: usize = 4096;

/// A file of `tests/reference/`.
pub(crate) fn reference(name: &str) -> Vec<u8> {
    fs::read(super::checkout().join("tests/reference").join(name)).unwrap()
}

/// The files of a tiny DistilBERT; its weights are those of `tests/reference/training_tiny.py`.
pub(crate) fn tiny() -> Vec<(&'static str, Vec<u8>)> {
    let tags = ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"];
    let ids: serde_json::Map<String, Value> =
        tags.iter().enumerate().map(|(at, tag)| (at.to_string(), json!(tag))).collect();
    let config = json!({
        "model_type": "distilbert", "architectures": ["DistilBertForTokenClassification"], "vocab_size": 60, "dim": 16,
        "max_position_embeddings": 24, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "dropout": 0.1, "attention_dropout": 0.1,
        "activation": "gelu", "id2label": ids,
    });
    let letters = ('a'..='z').flat_map(|c| [c.to_string(), format!("##{c}")]);
    let vocab: Vec<String> =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned).into_iter().chain(letters).collect();
    vec![
        ("README.md", b"# tiny".to_vec()),
        ("config.json", config.to_string().into_bytes()),
        ("model.safetensors", reference("training_tiny.safetensors")),
        ("vocab.txt", vocab.join("\n").into_bytes()),
    ]
}

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The line breaks after so many bytes of the body.
    Cut(usize),
    /// A refusal, with more header lines.
    Status(u16, &'static str),
    /// A redirect with this status to the same path on another server, given by its endpoint.
    Redirect(u16, String),
    /// One byte is another.
    Corrupt,
    /// The whole file, whatever part was asked for.
    IgnoresRange,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

#[derive(Default)]
struct State {
    /// Repositories with their files.
    models: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// What goes wrong with the next requests whose path ends so, in turn.
    faults: Vec<(String, Fault)>,
    /// Who may write.
    token: Option<String>,
    /// Large files are to come in parts of this size.
    part: Option<usize>,
    requests: Vec<Request>,
    /// Uploaded parts and files by address.
    uploads: BTreeMap<String, Vec<u8>>,
    /// Checksums and sizes announced instead of the true ones.
    announced: BTreeMap<String, Value>,
}

/// The server; it serves until the process ends.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) endpoint: String,
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Hub {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let hub = Self { endpoint: format!("http://127.0.0.1:{port}"), port, state: Arc::default() };
        let serving = hub.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let hub = serving.clone();
                thread::spawn(move || hub.serve(&stream));
            }
        });
        hub
    }

    pub(crate) fn model(&self, id: &str, files: &[(&str, Vec<u8>)]) -> &Self {
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect();
        self.state.lock().unwrap().models.insert(id.to_owned(), files);
        self
    }

    pub(crate) fn fault(&self, path: &str, fault: Fault) -> &Self {
        self.state.lock().unwrap().faults.push((path.to_owned(), fault));
        self
    }

    pub(crate) fn token(&self, token: &str) -> &Self {
        self.state.lock().unwrap().token = Some(token.to_owned());
        self
    }

    pub(crate) fn in_parts_of(&self, size: usize) -> &Self {
        self.state.lock().unwrap().part = Some(size);
        self
    }

    /// Tells this of a file in the list, in place of what is true.
    pub(crate) fn tells(&self, file: &str, sibling: Value) -> &Self {
        self.state.lock().unwrap().announced.insert(file.to_owned(), sibling);
        self
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }

    pub(crate) fn files(&self, id: &str) -> BTreeMap<String, Vec<u8>> {
        self.state.lock().unwrap().models.get(id).cloned().unwrap_or_default()
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read(&mut reader) {
            let fault = {
                let mut state = self.state.lock().unwrap();
                state.requests.push(request.clone());
                let path = request.path.split('?').next().unwrap();
                let at = state.faults.iter().position(|(end, _)| path.ends_with(end.as_str()));
                at.map(|at| state.faults.remove(at).1)
            };
            // Who is refused has changed nothing.
            let is_refused = matches!(fault, Some(Fault::Status(..) | Fault::Redirect(..)));
            let mut answer = if is_refused { Answer::refuse(0) } else { self.answer(&request, fault.as_ref()) };
            let mut cut = answer.body.len();
            match fault {
                Some(Fault::Cut(after)) => cut = after.min(cut),
                Some(Fault::Status(status, more)) => {
                    let body = json!({ "error": "the server has its reasons" }).to_string().into_bytes();
                    answer = Answer { status, headers: vec![more.to_owned()], body };
                    cut = answer.body.len();
                }
                Some(Fault::Redirect(status, to)) => {
                    answer =
                        Answer { status, headers: vec![format!("location: {to}{}", request.path)], body: Vec::new() };
                    cut = 0;
                }
                Some(Fault::Corrupt) => {
                    let middle = cut / 2;
                    answer.body[middle] ^= 1;
                }
                _ => {}
            }
            let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", answer.status, answer.body.len());
            answer.headers.iter().filter(|line| !line.is_empty()).for_each(|line| head += &format!("{line}\r\n"));
            let mut stream = stream;
            let sent =
                stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(&answer.body[..cut]));
            if sent.is_err() || cut < answer.body.len() {
                let _ = stream.shutdown(std::net::Shutdown::Both);
                return;
            }
        }
    }

    fn answer(&self, request: &Request, fault: Option<&Fault>) -> Answer {
        let mut state = self.state.lock().unwrap();
        let path = request.path.split('?').next().unwrap().trim_start_matches('/').to_owned();
        let bearer = request.headers.get("authorization").map(String::as_str);
        let known = state.token.as_ref().map(|token| format!("Bearer {token}"));
        let is_user = known.is_some() && bearer == known.as_deref();
        if let Some(name) = path.strip_prefix("store/") {
            return self.store(&mut state, request, name, fault);
        }
        if let Some((id, rest)) = path.split_once("/resolve/") {
            let name = rest.split_once('/').unwrap().1;
            let Some(bytes) = state.models.get(id).and_then(|files| files.get(name)) else {
                return Answer::refuse(404);
            };
            if bytes.len() < LARGE {
                return part(bytes, request, fault);
            }
            // Another host by name, as the real store is: no token may come along.
            let to = format!("location: http://localhost:{}/store/{id}/{name}", self.port);
            return Answer { status: 302, headers: vec![to], body: Vec::new() };
        }
        if let Some(id) = path.strip_prefix("api/models/").and_then(|rest| rest.strip_suffix("/revision/main")) {
            let Some(files) = state.models.get(id) else {
                return Answer {
                    headers: vec!["x-error-code: RepoNotFound".into()],
                    ..Answer::refuse(if is_user { 404 } else { 401 })
                };
            };
            let siblings: Vec<Value> = files
                .iter()
                .map(|(name, bytes)| state.announced.get(name).cloned().unwrap_or_else(|| sibling(name, bytes)))
                .collect();
            return Answer::json(&json!({ "id": id, "sha": COMMIT, "siblings": siblings }));
        }
        if let Some(id) =
            path.strip_prefix("api/models/").filter(|id| request.method == "GET" && state.models.contains_key(*id))
        {
            return Answer::json(&json!({ "id": id }));
        }
        if !is_user {
            return Answer::refuse(401);
        }
        match path.as_str() {
            "api/whoami-v2" => Answer::json(&json!({ "name": "ada", "type": "user" })),
            "api/repos/create" => {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let id = format!("{}/{}", body["organization"].as_str().unwrap(), body["name"].as_str().unwrap());
                if state.models.contains_key(&id) {
                    return Answer::refuse(409);
                }
                state.models.insert(id.clone(), BTreeMap::new());
                Answer::json(&json!({ "url": format!("{}/{id}", self.endpoint) }))
            }
            _ => self.write(&mut state, request, &path),
        }
    }

    fn write(&self, state: &mut State, request: &Request, path: &str) -> Answer {
        let body = || serde_json::from_slice::<Value>(&request.body).unwrap();
        if let Some(id) = path.strip_suffix(".git/info/lfs/objects/batch") {
            let objects: Vec<Value> =
                body()["objects"].as_array().unwrap().iter().map(|object| self.object(state, id, object)).collect();
            return Answer::json(&json!({ "transfer": "basic", "objects": objects }));
        }
        if path.ends_with("/verify") {
            let oid = body()["oid"].as_str().unwrap().to_owned();
            return if state.uploads.contains_key(&oid) { Answer::json(&json!({})) } else { Answer::refuse(404) };
        }
        let id = path.trim_start_matches("api/models/");
        if let Some(_id) = id.strip_suffix("/preupload/main") {
            let mode = |file: &Value| {
                let mode = if file["size"].as_u64().unwrap() >= LARGE as u64 { "lfs" } else { "regular" };
                json!({ "path": file["path"], "uploadMode": mode, "shouldIgnore": false })
            };
            return Answer::json(
                &json!({ "files": body()["files"].as_array().unwrap().iter().map(mode).collect::<Vec<_>>() }),
            );
        }
        let Some(id) = id.strip_suffix("/commit/main") else { return Answer::refuse(404) };
        let mut files = state.models.get(id).cloned().unwrap_or_default();
        for line in request.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Value = serde_json::from_slice(line).unwrap();
            let value = &line["value"];
            let name = value["path"].as_str().unwrap_or_default().to_owned();
            match line["key"].as_str().unwrap() {
                "header" => assert!(!value["summary"].as_str().unwrap().is_empty()),
                "file" => drop(files.insert(name, STANDARD.decode(value["content"].as_str().unwrap()).unwrap())),
                "lfsFile" => {
                    let Some(bytes) = state.uploads.get(value["oid"].as_str().unwrap()) else {
                        return Answer::refuse(400);
                    };
                    files.insert(name, bytes.clone());
                }
                other => panic!("{other}"),
            }
        }
        state.models.insert(id.to_owned(), files);
        Answer::json(&json!({ "commitOid": COMMIT, "commitUrl": format!("{}/{id}/commit/{COMMIT}", self.endpoint) }))
    }

    /// Where a large file is to be sent; nowhere if it is here.
    fn object(&self, state: &State, id: &str, object: &Value) -> Value {
        let (oid, size) = (object["oid"].as_str().unwrap(), object["size"].as_u64().unwrap());
        if state.uploads.contains_key(oid) {
            return json!({ "oid": oid, "size": size });
        }
        let store = format!("http://localhost:{}/store", self.port);
        let upload = match state.part {
            None => json!({ "href": format!("{store}/put/{oid}"), "header": {} }),
            Some(part) => {
                let count = size.div_ceil(part as u64);
                let mut header: serde_json::Map<String, Value> =
                    (1..=count).map(|at| (at.to_string(), json!(format!("{store}/part/{oid}/{at:05}")))).collect();
                header.insert("chunk_size".into(), json!(part.to_string()));
                json!({ "href": format!("{store}/complete/{oid}"), "header": header })
            }
        };
        let verify = json!({ "href": format!("{}/{id}.git/info/lfs/verify", self.endpoint), "header": {} });
        json!({ "oid": oid, "size": size, "actions": { "upload": upload, "verify": verify } })
    }

    fn store(&self, state: &mut State, request: &Request, name: &str, fault: Option<&Fault>) -> Answer {
        assert_eq!(request.headers.get("authorization"), None, "the store saw a token");
        let etag = |name: &str| vec![format!("etag: \"mark of {name}\"")];
        match name.split_once('/').unwrap() {
            ("put", oid) => {
                assert_eq!(hex(&Sha256::digest(&request.body)), oid);
                assert_eq!(request.headers.get("transfer-encoding"), None, "a store needs the length");
                state.uploads.insert(oid.to_owned(), request.body.clone());
                Answer { headers: etag(oid), ..Answer::json(&json!({})) }
            }
            ("part", at) => {
                state.uploads.insert(at.to_owned(), request.body.clone());
                Answer { headers: etag(at), ..Answer::json(&json!({})) }
            }
            ("complete", oid) => {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let part = |part: &Value| {
                    let name = format!("{oid}/{:05}", part["partNumber"].as_u64().unwrap());
                    assert_eq!(part["etag"], format!("\"mark of {name}\""));
                    state.uploads[&name].clone()
                };
                let whole = body["parts"].as_array().unwrap().iter().map(part).collect::<Vec<_>>().concat();
                assert_eq!(hex(&Sha256::digest(&whole)), oid);
                state.uploads.insert(oid.to_owned(), whole);
                Answer::json(&json!({}))
            }
            _ => {
                let (id, name) = name.rsplit_once('/').unwrap();
                part(&state.models[id][name], request, fault)
            }
        }
    }
}

struct Answer {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Answer {
    fn json(value: &Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: value.to_string().into_bytes() }
    }

    fn refuse(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: json!({ "error": "no" }).to_string().into_bytes() }
    }
}

/// A file, or the part of it that was asked for.
fn part(bytes: &[u8], request: &Request, fault: Option<&Fault>) -> Answer {
    let from =
        request.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match from {
        Some(from) if !matches!(fault, Some(Fault::IgnoresRange)) => {
            let range = format!("content-range: bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
            Answer { status: 206, headers: vec![range], body: bytes[from..].to_vec() }
        }
        _ => Answer { status: 200, headers: Vec::new(), body: bytes.to_vec() },
    }
}

fn sibling(name: &str, bytes: &[u8]) -> Value {
    let git = hex(&Sha1::new_with_prefix(format!("blob {}\0", bytes.len())).chain_update(bytes).finalize());
    match bytes.len() < LARGE {
        true => json!({ "rfilename": name, "size": bytes.len(), "blobId": git }),
        false => {
            let lfs = json!({ "sha256": hex(&Sha256::digest(bytes)), "size": bytes.len(), "pointerSize": 134 });
            json!({ "rfilename": name, "size": bytes.len(), "blobId": git, "lfs": lfs })
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body })
}
