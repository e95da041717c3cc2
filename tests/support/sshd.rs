//! An SSH server of a test's own, on this machine only.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    Place,
    screen::{PATIENCE, Screen},
};

/// Variable that makes the absence of a server a failure.
const REQUIRED: &str = "TAGLI_REQUIRE_SSHD";
/// Folders of servers, which are usually not in `PATH`.
const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/sbin"];

/// A server that accepts one key, for the user who runs the test.
pub(crate) struct Sshd {
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    child: Child,
}

impl Sshd {
    /// Starts a server whose sessions have the home of this place.
    /// `None`, with a line on standard error, if this machine cannot run one.
    pub(crate) fn start(place: &Place) -> Option<Self> {
        match Self::try_start(place) {
            Ok(server) => Some(server),
            Err(why) => {
                assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, but {why}");
                // Not by a macro, whose output is hidden for tests that pass.
                let _ = writeln!(std::io::stderr(), "NOT TESTED OVER SSH: {why}");
                None
            }
        }
    }

    fn try_start(place: &Place) -> Result<Self, String> {
        let server = find("sshd").ok_or("no sshd is installed (Debian: openssh-server)")?;
        find("ssh").ok_or("no ssh is installed (Debian: openssh-client)")?;
        let folder = tempfile::tempdir().unwrap();
        for key in ["host", "user"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.path().join(key));
            let made = keygen.status().map_err(|error| format!("ssh-keygen: {error}"))?;
            assert!(made.success(), "ssh-keygen: {made}");
        }
        // Another program may take the free port before the server does.
        let mut why = String::new();
        for _ in 0..5 {
            let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
            fs::write(folder.path().join("config"), config(folder.path(), place, port)).unwrap();
            let mut command = Command::new(&server);
            command.arg("-D").arg("-f").arg(folder.path().join("config")).arg("-E").arg(folder.path().join("log"));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().map_err(|error| format!("{}: {error}", server.display()))?;
            if answers(&mut child, port) {
                return Ok(Self { port, folder, child });
            }
            let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            why = format!("{} does not start: {}", server.display(), log.trim());
        }
        Err(why)
    }

    /// Runs the program with these words in a session through this port, on a terminal of this kind and size.
    ///
    /// Its process id is then in the file `pid` of the place.
    pub(crate) fn session(&self, port: u16, term: &str, place: &mut Place, words: &[&str], size: (u16, u16)) -> Screen {
        place.more.push(("TERM", term.to_owned()));
        let _ = fs::remove_file(place.path("pid"));
        let quoted: Vec<String> =
            [&[env!("CARGO_BIN_EXE_tagli")], words].concat().iter().map(|word| format!("'{word}'")).collect();
        let remote = format!("cd '{}' && echo $$ > pid && exec {}", place.path("").display(), quoted.join(" "));
        let path = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let (port, known) = (port.to_string(), format!("UserKnownHostsFile={}", path("known")));
        let key = path("user");
        let options = [
            known.as_str(),
            "GlobalKnownHostsFile=none",
            "StrictHostKeyChecking=no",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "ControlMaster=no",
            "LogLevel=ERROR",
            // Newer clients hide the times of keys behind packets that fill the line.
            "IgnoreUnknown=ObscureKeystrokeTiming",
            "ObscureKeystrokeTiming=no",
        ];
        let mut program = vec!["ssh", "-tt", "-F", "none", "-e", "none", "-p", &port, "-i", &key];
        options.iter().for_each(|option| program.extend(["-o", option]));
        program.extend(["127.0.0.1", &remote]);
        Screen::run(&program, place, size, size)
    }

    /// What the server and its sessions reported.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(folder: &Path, place: &Place, port: u16) -> String {
    let [folder, home] = [folder, &place.path("home")].map(|path| path.display().to_string());
    format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile none\n\
         AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nPermitRootLogin yes\nUsePAM no\nUseDNS no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\nPrintLastLog no\n\
         ClientAliveInterval 3\nClientAliveCountMax 2\nSetEnv HOME={home} USER=ada LANG=C.UTF-8\nLogLevel INFO\n"
    )
}

/// Waits until the server greets at its port; whether it does.
fn answers(child: &mut Child, port: u16) -> bool {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until && child.try_wait().unwrap().is_none() {
        let mut greeting = [0; 4];
        if TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| stream.read_exact(&mut greeting)).is_ok() {
            return &greeting == b"SSH-";
        }
        thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Path of a program in `PATH` or in the folders of servers.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}
