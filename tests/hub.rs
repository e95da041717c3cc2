//! The hub from the command line, against a small one on loopback: fetching, training from what was fetched, sending.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failed test")]

mod support;

use std::{fs, process::Command};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{
    Answer, Place, checkout,
    hub::{COMMIT, Fault, Hub, reference, tiny},
};

const ID: &str = "ada/tiny";
const WEIGHTS: &str = "/tiny/model.safetensors";

fn hub() -> Hub {
    let hub = Hub::start();
    hub.model(ID, &tiny());
    hub
}

fn run(place: &Place, hub: &Hub, more: &[(&str, &str)], words: &[&str]) -> Answer {
    let mut command = place.command();
    command.env("HF_ENDPOINT", &hub.endpoint).envs(more.iter().copied());
    Answer::of(command.args(words).output().unwrap())
}

fn pull(place: &Place, hub: &Hub) -> Answer {
    run(place, hub, &[], &["models", "pull", ID, "--json"])
}

/// The bytes at which the requests for the weights began.
fn ranges(hub: &Hub) -> Vec<String> {
    let requests = hub.requests().into_iter().filter(|request| request.path.starts_with("/store/"));
    requests.map(|request| request.headers.get("range").cloned().unwrap_or_default()).collect()
}

/// Files in the cache whose names end so.
fn cached(place: &Place, end: &str) -> usize {
    let blobs = fs::read_dir(place.path("home/.cache/huggingface/hub/models--ada--tiny/blobs"));
    blobs.into_iter().flatten().flatten().filter(|entry| entry.file_name().to_string_lossy().ends_with(end)).count()
}

#[test]
fn a_model_is_downloaded_once_into_the_shared_cache_and_opens_from_it() {
    let (place, hub) = (Place::new(), hub());
    let answer = pull(&place, &hub).fine().json();
    let size: usize = tiny()[1..].iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!((&answer["commit"], &answer["fetched_bytes"]), (&json!(COMMIT), &json!(size)));
    let names: Vec<&str> =
        answer["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["config.json", "vocab.txt", "model.safetensors"]);
    // As huggingface_hub lays it out.
    let repository = place.path("home/.cache/huggingface/hub/models--ada--tiny");
    assert_eq!(fs::read_to_string(repository.join("refs/main")).unwrap(), COMMIT);
    let file = repository.join("snapshots").join(COMMIT).join("config.json");
    assert!(fs::read_link(&file).unwrap().starts_with("../../blobs"));
    assert_eq!(answer["folder"], file.parent().unwrap().to_str().unwrap());
    hub.requests();
    assert_eq!(pull(&place, &hub).fine().json()["fetched_bytes"], 0);
    assert_eq!(hub.requests().len(), 1, "only what there is was asked for");
    let listed = run(&place, &hub, &[], &["models", "list", "--json"]).fine().json();
    assert_eq!((&listed[0]["name"], &listed[1]["name"]), (&json!("mini"), &json!("small")));
    assert_eq!(listed[2], json!({ "name": ID, "kind": "cached", "about": "2 layers, 16 wide, 60 word pieces" }));
    run(&place, &hub, &[("HF_HUB_OFFLINE", "1")], &["predict", ID, "a b", "--json"]).fine().json();
    assert!(hub.requests().is_empty(), "what is in the cache is not asked for");
}

#[test]
fn an_interrupted_download_continues_where_it_stopped() {
    let (place, hub) = (Place::new(), hub());
    hub.fault(WEIGHTS, Fault::Cut(10_000)).fault(WEIGHTS, Fault::Cut(5_000));
    let answer = pull(&place, &hub).fine();
    assert!(answer.err.contains("again in"), "{}", answer.err);
    // The redirect keeps the range; each try passes both.
    let ranges: Vec<String> = ranges(&hub).into_iter().filter(|range| !range.is_empty()).collect();
    assert_eq!(ranges, ["bytes=10000-", "bytes=15000-"]);
}

#[test]
fn a_server_without_ranges_sends_the_whole_file_again() {
    let (place, hub) = (Place::new(), hub());
    hub.fault("store/ada/tiny/model.safetensors", Fault::Cut(10_000));
    hub.fault("store/ada/tiny/model.safetensors", Fault::IgnoresRange);
    pull(&place, &hub).fine();
    assert_eq!(cached(&place, ".incomplete"), 0);
}

#[test]
fn damaged_files_never_enter_the_cache() {
    let (place, hub) = (Place::new(), hub());
    hub.fault("store/ada/tiny/model.safetensors", Fault::Corrupt);
    pull(&place, &hub).fails(3, &["model.safetensors", "SHA-256", "try again"]);
    assert_eq!((cached(&place, ""), cached(&place, ".incomplete")), (2, 0), "config.json and vocab.txt");
    assert!(!place.path("home/.cache/huggingface/hub/models--ada--tiny/refs").exists());
    pull(&place, &hub).fine();
    // Half a file of something else: begun again once.
    let (place, hub) = (Place::new(), Hub::start());
    hub.model(ID, &tiny());
    hub.fault(WEIGHTS, Fault::Cut(9_000));
    for _ in 0..9 {
        hub.fault(WEIGHTS, Fault::Status(503, ""));
    }
    pull(&place, &hub).fails(3, &["http://localhost:", "cannot do it now (status 503: the server has its reasons)"]);
    let part = fs::read_dir(place.path("home/.cache/huggingface/hub/models--ada--tiny/blobs")).unwrap().flatten();
    let part = part.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with(".incomplete")).unwrap();
    let length = fs::metadata(&part).unwrap().len();
    assert_eq!(length, 9_000);
    fs::write(&part, vec![7; 9_000]).unwrap();
    let other = Hub::start();
    other.model(ID, &tiny());
    pull(&place, &other).fine();
}

#[test]
fn errors_of_the_hub_are_explained_with_a_remedy() {
    let (place, hub) = (Place::new(), hub());
    let ask = |words: &[&str], more: &[(&str, &str)]| run(&place, &hub, more, words);
    ask(&["models", "pull", "ada/other"], &[]).fails(3, &["status 401: RepoNotFound", "HF_TOKEN"]);
    hub.token("hf_right");
    ask(&["models", "pull", "ada/other"], &[("HF_TOKEN", "hf_right")]).fails(1, &["has no model \"ada/other\""]);
    hub.fault("/revision/main", Fault::Status(403, "x-error-code: GatedRepo"));
    ask(&["models", "pull", ID], &[("HF_TOKEN", "hf_right")]).fails(3, &["status 403: GatedRepo", "ask for access"]);
    hub.fault("/revision/main", Fault::Status(429, "retry-after: 0"));
    assert!(ask(&["models", "pull", ID], &[]).fine().err.contains("come back later"));
    hub.fault("/revision/main", Fault::Status(429, "retry-after: 3600"));
    ask(&["models", "pull", ID], &[]).fails(3, &["status 429", "in 3600 s"]);
    ask(&["models", "pull", "../x"], &[]).fails(1, &["no name of a model"]);
    ask(&["models", "pull", "mini"], &[]).fails(1, &["`mini` is inside the program"]);
    ask(&["models", "pull", "small"], &[]).fails(1, &["`small` is inside the program"]);
    ask(&["models", "pull", "ada/other"], &[("HF_HUB_OFFLINE", "1")]).fails(3, &["HF_HUB_OFFLINE is set"]);
    ask(&["models", "pull", ID], &[("HF_ENDPOINT", "http://127.0.0.1:9")])
        .fails(3, &["http://127.0.0.1:9 cannot be reached"]);
    ask(&["models", "pull", ID], &[("HF_TOKEN", "hf_x"), ("HF_ENDPOINT", "http://hub.example")])
        .fails(3, &["not encrypted"]);
    let json = ask(&["models", "pull", "ada/other", "--json"], &[("HF_TOKEN", "hf_right")]);
    assert_eq!(json.json()["error"]["kind"], "data");
}

#[test]
fn a_token_is_sent_only_to_the_hub_and_never_shown() {
    let (place, hub) = (Place::new(), hub());
    let token = "hf_verysecret";
    hub.token(token);
    fs::create_dir_all(place.path("home/.cache/huggingface")).unwrap();
    place.file("home/.cache/huggingface/token", token);
    let log = place.path("log.txt");
    let answer =
        run(&place, &hub, &[("TAGLI_LOG", "trace")], &["models", "pull", ID, "--log", log.to_str().unwrap()]).fine();
    // The store panics when it sees one.
    assert!(
        hub.requests().iter().any(|request| request.headers.get("authorization").is_some_and(|to| to.ends_with(token)))
    );
    let log = fs::read_to_string(log).unwrap();
    assert!(![answer.out, answer.err, log].concat().contains("verysecret"));
}

#[test]
fn names_from_a_hostile_hub_never_leave_the_cache() {
    let (place, hub) = (Place::new(), hub());
    for sum in ["../../../../../../escape", "ABCDEF", ""] {
        hub.tells("config.json", json!({ "rfilename": "config.json", "size": 3, "blobId": sum }));
        pull(&place, &hub).fails(3, &["checksum of config.json"]);
    }
    assert!(!place.path("escape").exists() && !place.path("home/escape").exists());
    // A file that is longer than announced.
    let (place, hub) = (Place::new(), Hub::start());
    hub.model(ID, &tiny());
    hub.tells("vocab.txt", json!({ "rfilename": "vocab.txt", "size": 3, "blobId": "a".repeat(40) }));
    pull(&place, &hub).fails(3, &["vocab.txt", "git SHA-1"]);
}

#[test]
fn a_model_in_several_files_is_complete_or_absent() {
    let (place, hub) = (Place::new(), Hub::start());
    let shard = "pytorch_model-00001-of-00001.bin";
    let index = |name: &str| json!({ "weight_map": { "classifier.weight": name } }).to_string().into_bytes();
    let mut files = tiny();
    files[2] = ("pytorch_model.bin.index.json", index("pytorch_model-00001-of-00002.bin"));
    files.push((shard, reference("pytorch_bin_zip.bin")));
    hub.model(ID, &files);
    pull(&place, &hub).fails(1, &["its index names weight files that it does not have"]);
    assert!(!place.path("home/.cache/huggingface/hub/models--ada--tiny/refs").exists());
    files[2].1 = index(shard);
    hub.model(ID, &files);
    // The same commit of another content, which no hub has: the file that changed is fetched, the others are here.
    pull(&place, &hub).fine();
    run(&place, &hub, &[], &["predict", ID, "a b", "--json"]).fine();
}

#[test]
fn a_model_of_another_kind_is_refused_before_its_weights_are_downloaded() {
    let (place, hub) = (Place::new(), hub());
    let mut files = tiny();
    files[1].1 = br#"{"model_type": "gpt2"}"#.to_vec();
    hub.model(ID, &files);
    pull(&place, &hub).fails(1, &["a model of type \"gpt2\" cannot be read"]);
    assert!(ranges(&hub).is_empty());
}

#[test]
fn a_partial_download_of_another_program_is_completed() {
    let (place, hub) = (Place::new(), hub());
    pull(&place, &hub).fine();
    let snapshot = place.path("home/.cache/huggingface/hub/models--ada--tiny/snapshots").join(COMMIT);
    fs::remove_file(snapshot.join("model.safetensors")).unwrap();
    run(&place, &hub, &[], &["predict", ID, "a"])
        .fails(1, &["the cache holds a part of ada/tiny only", "tagli models pull"]);
    let data = place.file("data.txt", "O\ta\nB-Dish\tb\n");
    let data = data.to_str().unwrap();
    let words = ["train", "--train", data, "--valid", data, "--base", ID, "--epochs", "1"];
    assert!(run(&place, &hub, &[], &words).fine().err.contains("asking http://127.0.0.1"));
    assert!(snapshot.join("model.safetensors").is_file());
}

#[cfg(unix)]
#[test]
fn a_full_disk_keeps_the_bytes_that_arrived() {
    let (place, hub) = (Place::new(), hub());
    // No file may grow beyond 10 KiB, whoever runs this.
    let script = format!("trap '' XFSZ; ulimit -f 20; exec '{}' models pull {ID}", env!("CARGO_BIN_EXE_tagli"));
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]).current_dir(place.path(".")).env_clear().envs(place.environment());
    let answer = Answer::of(command.env("HF_ENDPOINT", &hub.endpoint).output().unwrap());
    answer.fails(3, &[".incomplete: "]);
    assert_eq!(cached(&place, ".incomplete"), 1);
    hub.requests();
    pull(&place, &hub).fine();
    assert_eq!(ranges(&hub), ["bytes=10240-"], "it goes on behind what has come");
}

#[test]
fn a_training_downloads_its_base_and_reads_pytorch_bin() {
    let (place, hub) = (Place::new(), hub());
    let mut files = tiny();
    files[2] = ("pytorch_model.bin", reference("pytorch_bin_zip.bin"));
    hub.model(ID, &files);
    let data = place.file("data.txt", "O\ta\nB-Dish\tb\nI-Dish\tc\n\nO\tb\nB-Price\td\n");
    let data = data.to_str().unwrap();
    let words = ["train", "--train", data, "--valid", data, "--base", ID, "--epochs", "1", "--out", "out", "--json"];
    let answer = run(&place, &hub, &[], &words).fine();
    assert!(answer.err.contains("asking http://127.0.0.1"), "{}", answer.err);
    assert_eq!(answer.json()["steps"], 1);
    // A mistyped folder is not asked for abroad.
    hub.requests();
    run(&place, &hub, &[], &["predict", "out/modle", "a"]).fails(1, &["there is no such folder", "tagli models pull"]);
    assert!(hub.requests().is_empty());
    run(&place, &hub, &[("HF_HUB_OFFLINE", "1")], &[&words[..], &["--force"]].concat()).fine();
}

/// A run of the tiny model in `out`.
fn trained(place: &Place, hub: &Hub) {
    let data = place.file("data.txt", "O\ta\nB-Dish\tb\nI-Dish\tc\n\nO\tb\nB-Price\td\n");
    let data = data.to_str().unwrap();
    let words =
        ["train", "--train", data, "--valid", data, "--test", data, "--base", ID, "--epochs", "2", "--out", "out"];
    let _ = run(place, hub, &[], &words).fine();
}

#[test]
fn an_uploaded_model_has_a_card_and_is_downloaded_unchanged() {
    let (place, hub) = (Place::new(), hub());
    trained(&place, &hub);
    let dry = run(&place, &hub, &[], &["models", "push", "out", "reviews", "--dry-run"]).fine();
    assert!(dry.out.contains("## Scores") && dry.out.contains("base_model: \"ada/tiny\""), "{}", dry.out);
    run(&place, &hub, &[], &["models", "push", "out", "reviews"])
        .fails(3, &["the hub must know who you are", "HF_TOKEN"]);
    let wrong = [("HF_TOKEN", "hf_wrong")];
    run(&place, &hub, &wrong, &["models", "push", "out", "reviews"]).fails(3, &["status 401", "the token may do it"]);
    hub.token("hf_right");
    let user = [("HF_TOKEN", "hf_right")];
    let answer = run(&place, &hub, &user, &["models", "push", "out", "reviews", "--json"]).fine().json();
    assert_eq!((&answer["id"], &answer["commit"]), (&json!("ada/reviews"), &json!(COMMIT)));
    let sent = hub.files("ada/reviews");
    let model = place.path("out/model");
    for name in ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt"] {
        assert_eq!(sent[name], fs::read(model.join(name)).unwrap(), "{name}");
    }
    let card = String::from_utf8(sent["README.md"].clone()).unwrap();
    assert!(card.contains("| validation | per word |") && card.contains("| test | per word |"), "{card}");
    assert!(card.contains("Labels: Dish, Price.") && card.contains("![loss and F1 by step](curves.svg)"), "{card}");
    assert!(String::from_utf8(sent["curves.svg"].clone()).unwrap().starts_with("<svg "));
    // The model's own folder is the same run; the large file is there already, and is not sent again.
    hub.requests();
    run(&place, &hub, &user, &["models", "push", "out/model", "ada/reviews"]).fine();
    assert!(!hub.requests().iter().any(|request| request.method == "PUT"));
    let back = run(&place, &hub, &[], &["models", "pull", "ada/reviews", "--json"]).fine().json();
    let weights = fs::read(format!("{}/model.safetensors", back["folder"].as_str().unwrap())).unwrap();
    assert_eq!(weights, sent["model.safetensors"]);
}

#[test]
fn large_files_are_uploaded_in_parts_if_the_server_asks_for_it() {
    let (place, hub) = (Place::new(), hub());
    trained(&place, &hub);
    hub.token("hf_right").in_parts_of(10_000);
    run(&place, &hub, &[("HF_TOKEN", "hf_right")], &["models", "push", "out", "reviews", "--private"]).fine();
    let requests = hub.requests();
    assert_eq!(requests.iter().filter(|request| request.path.starts_with("/store/part/")).count(), 3);
    let create = requests.iter().find(|request| request.path == "/api/repos/create").unwrap();
    let create: Value = serde_json::from_slice(&create.body).unwrap();
    assert_eq!(create, json!({ "name": "reviews", "organization": "ada", "type": "model", "private": true }));
    assert!(
        !requests
            .iter()
            .any(|request| request.path.contains("whoami") && !request.headers.contains_key("authorization"))
    );
    assert_eq!(
        hub.files("ada/reviews")["model.safetensors"],
        fs::read(place.path("out/model/model.safetensors")).unwrap()
    );
}

#[test]
fn an_interrupted_upload_is_repeated_and_a_foreign_server_gets_no_token() {
    let (place, hub) = (Place::new(), hub());
    trained(&place, &hub);
    hub.token("hf_right").in_parts_of(10_000).fault("/00002", Fault::Status(500, "")).fault("/00003", Fault::Cut(0));
    // Who may not make a model may still write to one that is there.
    hub.model("ada/reviews", &[]).fault("/repos/create", Fault::Status(403, ""));
    let answer = run(&place, &hub, &[("HF_TOKEN", "hf_right")], &["models", "push", "out", "reviews"]).fine();
    assert!(answer.err.contains("status 500") && answer.err.contains("again in"), "{}", answer.err);
    let parts = |at: &str| hub.files("ada/reviews").contains_key(at);
    assert!(parts("model.safetensors") && parts("README.md"));
    hub.fault("/repos/create", Fault::Status(403, ""));
    run(&place, &hub, &[("HF_TOKEN", "hf_right")], &["models", "push", "out", "bob/none"]).fails(3, &["status 403"]);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_uploaded() {
    let (place, hub) = (Place::new(), hub());
    trained(&place, &hub);
    let secret = place.file("secret", "hf_secret");
    std::os::unix::fs::symlink(&secret, place.path("out/model/README.md")).unwrap();
    let push = |folder: &str| run(&place, &hub, &[], &["models", "push", folder, "reviews", "--dry-run"]);
    push("out").fails(1, &["README.md: it is a link that leads out of the folder"]);
    fs::remove_file(place.path("out/model/README.md")).unwrap();
    push("out").fine();
    fs::rename(place.path("out/model"), place.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(place.path("elsewhere"), place.path("out/model")).unwrap();
    push("out").fails(1, &["this is a link"]);
    // A model of the cache is made of links to its blobs.
    let pulled = pull(&place, &hub).fine().json();
    push(pulled["folder"].as_str().unwrap()).fine();
}

#[test]
fn a_folder_without_a_trained_model_is_not_uploaded() {
    let (place, hub) = (Place::new(), hub());
    let push = |folder: &str, id: &str| run(&place, &hub, &[("HF_TOKEN", "x")], &["models", "push", folder, id]);
    push("none", "reviews").fails(1, &["there is no such folder"]);
    fs::create_dir(place.path("empty")).unwrap();
    push("empty", "reviews").fails(1, &["config.json"]);
    push("empty", "a/b/c").fails(1, &["no name of a model"]);
    let base = checkout().join("assets/encoder");
    push(base.to_str().unwrap(), "reviews").fails(1, &["no classifier"]);
    assert!(hub.requests().is_empty());
}

#[test]
fn a_base_that_only_the_project_names_is_fetched_with_permission_only() {
    let (place, hub) = (Place::new(), hub());
    place.file("data.txt", "O\ta\nB-Dish\tb\nI-Dish\tc\n\nO\tb\nB-Price\td\n");
    run(&place, &hub, &[], &["new", "food"]).fine();
    run(&place, &hub, &[], &["import", "food", "data.txt", "--as", "ada"]).fine();
    let manifest = place.read("food/project.json").replace("\"base\": \"small\"", &format!("\"base\": \"{ID}\""));
    place.file("food/project.json", manifest);
    let train = ["train", "food", "--epochs", "1"];
    let refused = run(&place, &hub, &[], &train).fails(2, &["the base ada/tiny is not fetched from", "--fetch"]);
    assert!(refused.err.contains(&hub.endpoint) && hub.requests().is_empty(), "{}", refused.err);
    let fetched = run(&place, &hub, &[], &[&train[..], &["--fetch"]].concat()).fine();
    assert!(fetched.err.contains("asking http://127.0.0.1"), "{}", fetched.err);
    run(&place, &hub, &[("HF_HUB_OFFLINE", "1")], &train).fine();
    // The card is for everyone, so it names nobody unless asked.
    let push = ["models", "push", "food/runs/0001-tiny", "reviews", "--dry-run"];
    let card = run(&place, &hub, &[], &push).fine().out;
    assert!(card.contains("- data: food") && !card.contains("annotator"), "{card}");
    let card = run(&place, &hub, &[], &[&push[..], &["--name-annotators"]].concat()).fine().out;
    assert!(card.contains("- annotator: ada"), "{card}");
}

/// Requests that came with a token.
fn with_token(hub: &Hub) -> Vec<String> {
    let requests = hub.requests().into_iter().filter(|request| request.headers.contains_key("authorization"));
    requests.map(|request| request.path).collect()
}

#[test]
fn a_redirect_to_another_port_gets_no_token_and_one_to_the_same_gets_it() {
    let (place, hub, other) = (Place::new(), hub(), hub());
    hub.token("hf_right");
    let user = [("HF_TOKEN", "hf_right")];
    // The list of files, a small file, the weights, and the rest of the weights after the connection broke.
    hub.fault("/revision/main", Fault::Redirect(307, other.endpoint.clone()));
    hub.fault("/vocab.txt", Fault::Redirect(302, other.endpoint.clone()));
    for status in [302, 308] {
        hub.fault(&format!("/resolve/{COMMIT}/model.safetensors"), Fault::Redirect(status, other.endpoint.clone()));
    }
    other.fault("/store/ada/tiny/model.safetensors", Fault::Cut(9_000));
    run(&place, &hub, &user, &["models", "pull", ID]).fine();
    assert_eq!(with_token(&hub).len(), 5, "each request to the hub itself has it");
    let asked = other.requests();
    assert!(asked.iter().all(|request| !request.headers.contains_key("authorization")), "{asked:?}");
    let ranges = asked.iter().filter_map(|request| request.headers.get("range")).map(String::as_str);
    assert_eq!((asked.len(), ranges.collect::<Vec<_>>()), (6, vec!["bytes=9000-"; 2]));
    // To the same origin.
    let (place, hub) = (Place::new(), self::hub());
    hub.token("hf_right").fault("/revision/main", Fault::Redirect(307, hub.endpoint.clone()));
    run(&place, &hub, &user, &["models", "pull", ID]).fine();
    let lists = with_token(&hub).into_iter().filter(|path| path.contains("/revision/main"));
    assert_eq!(lists.count(), 2);
    for _ in 0..20 {
        hub.fault("/revision/main", Fault::Redirect(302, hub.endpoint.clone()));
    }
    run(&place, &hub, &user, &["models", "pull", ID]).fails(3, &["redirects"]);
}

#[test]
fn an_upload_is_never_redirected_to_another_port() {
    let (place, hub, other) = (Place::new(), hub(), Hub::start());
    trained(&place, &hub);
    hub.token("hf_right");
    other.token("hf_right");
    let user = [("HF_TOKEN", "hf_right")];
    let push = || run(&place, &hub, &user, &["models", "push", "out", "reviews"]);
    hub.fault("/api/whoami-v2", Fault::Redirect(307, other.endpoint.clone()));
    push().fails(3, &["status 401"]);
    assert_eq!((with_token(&other), hub.files("ada/reviews").len()), (Vec::new(), 0));
    let weights = Sha256::digest(fs::read(place.path("out/model/model.safetensors")).unwrap());
    let put = format!("/put/{}", weights.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    for path in ["/repos/create", "/preupload/main", "/objects/batch", put.as_str(), "/verify", "/commit/main"] {
        // After the first attempt the hub has the file, and does not ask for this again.
        let statuses: &[u16] = if path == "/verify" { &[307] } else { &[302, 307, 308] };
        for status in statuses {
            hub.fault(path, Fault::Redirect(*status, other.endpoint.clone()));
            push().fails(3, &["it redirects an upload"]);
            assert!(other.requests().is_empty(), "{path} {status}");
        }
        // Within the hub the same request is repeated.
        if !["/verify", put.as_str()].contains(&path) {
            hub.fault(path, Fault::Redirect(307, hub.endpoint.clone()));
        }
    }
    push().fine();
    assert!(hub.files("ada/reviews").contains_key("model.safetensors"));
}

#[test]
fn what_a_server_says_is_cut_and_shown_without_control_characters() {
    let (place, hub) = (Place::new(), hub());
    let code: &'static str = Box::leak(format!("x-error-code: {}", "Gated".repeat(2_000)).into_boxed_str());
    hub.fault("/revision/main", Fault::Status(403, code));
    let refused = pull(&place, &hub).fails(3, &["status 403: GatedGated"]);
    assert!(refused.err.len() < 600, "{}", refused.err.len());
    hub.tells(
        "config.json",
        json!({ "rfilename": "\u{1b}]0;x\u{7}".repeat(2_000), "size": "\u{1b}[2J".repeat(2_000) }),
    );
    let refused = pull(&place, &hub).fails(3, &[]);
    let said = [refused.out, refused.err].concat();
    assert!(said.len() < 1_500 && !said.contains(['\u{1b}', '\u{7}']), "{said:?}");
}
