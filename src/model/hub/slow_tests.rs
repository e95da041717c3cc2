//! Servers that answer byte by byte, without end or too much: every wait has an end.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    HubError, Pulled,
    client::{Hub, Limits},
    missing_bytes, pull,
};

const ID: &str = "ada/tiny";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Starts a server on loopback; `respond` gets the path of each request. Returns its address.
fn serve(respond: fn(&str, &mut TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let first = lines.next().unwrap_or_default();
                lines.find(String::is_empty);
                respond(first.split(' ').nth(1).unwrap_or_default(), &mut stream);
            });
        }
    });
    endpoint
}

fn head(stream: &mut TcpStream, status: u16, length: usize) {
    let _ = write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
}

/// Sends `length` bytes one by one, each after a short pause.
fn drip(stream: &mut TcpStream, status: u16, length: usize) {
    head(stream, status, length);
    for _ in 0..length {
        thread::sleep(Duration::from_millis(20));
        if stream.write_all(b" ").and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

fn files(stream: &mut TcpStream) {
    let sibling = |name: &str| json!({ "rfilename": name, "size": 5000, "blobId": "a".repeat(40) });
    let siblings = ["config.json", "vocab.txt", "model.safetensors"].map(sibling);
    let text = json!({ "sha": COMMIT, "siblings": siblings }).to_string();
    head(stream, 200, text.len());
    let _ = stream.write_all(text.as_bytes());
}

fn hub(endpoint: &str, limits: Limits) -> Hub {
    Hub::new(endpoint, None, limits).unwrap()
}

fn pulled(endpoint: &str, limits: Limits, cache: &Path) -> Result<Pulled, HubError> {
    let begun = Instant::now();
    let result = pull(&hub(endpoint, limits), cache, ID, &mut |_| ());
    assert!(begun.elapsed() < Duration::from_secs(30), "it waited {:?}", begun.elapsed());
    result
}

#[test]
fn a_response_about_a_model_that_drips_is_given_up() {
    let endpoint = serve(|_, stream| drip(stream, 200, 100_000));
    let hub = hub(&endpoint, Limits { answer: Duration::from_millis(100), ..Limits::default() });
    let begun = Instant::now();
    let error = hub.json(&endpoint, &mut hub.get(&endpoint).unwrap()).unwrap_err();
    assert!(matches!(&error, HubError::Unreachable { why, .. } if why.contains("timeout")), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30), "it waited {:?}", begun.elapsed());
}

#[test]
fn a_response_about_a_model_that_is_too_long_is_cut_off() {
    let endpoint = serve(|_, stream| {
        head(stream, 200, 17 << 20);
        while stream.write_all(&[b' '; 1 << 16]).is_ok() {}
    });
    let folder = tempfile::tempdir().unwrap();
    let error = pulled(&endpoint, Limits::default(), folder.path()).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}

#[test]
fn a_refusal_that_drips_is_a_refusal() {
    let endpoint = serve(|_, stream| drip(stream, 401, 100_000));
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { silence: Duration::from_millis(300), ..Limits::default() };
    let error = pulled(&endpoint, limits, folder.path()).unwrap_err();
    assert!(matches!(error, HubError::Refused { status: 401, .. }), "{error}");
}

#[test]
fn a_file_that_drips_is_given_up_and_what_came_is_kept() {
    let endpoint = serve(|path, stream| match path.contains("/api/") {
        true => files(stream),
        false => drip(stream, 200, 5000),
    });
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { grace: Duration::from_millis(400), rate: 1 << 20, ..Limits::default() };
    assert_eq!(missing_bytes(&hub(&endpoint, limits), folder.path(), ID).unwrap(), Some(15_000));
    let error = pulled(&endpoint, limits, folder.path()).unwrap_err();
    assert!(matches!(&error, HubError::Slow { file } if file == "config.json"), "{error}");
    let part = folder.path().join("models--ada--tiny/blobs").join(format!("{}.incomplete", "a".repeat(40)));
    assert!(fs::metadata(part).unwrap().len() > 0);
}
