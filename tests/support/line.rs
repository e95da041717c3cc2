//! A slow line between two programs of this machine: a proxy with a delay and a limited rate.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Time from one end of the line to the other: an answer to a key takes 200 ms at least.
const DELAY: Duration = Duration::from_millis(100);
/// Bytes per second in each direction: 56 kbit/s.
const RATE: u32 = 7_000;
/// Largest piece that is passed on at once.
const PIECE: usize = 256;

/// A line to a port of this machine, which accepts connections at a port of its own.
pub(crate) struct Line {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Both ends of every connection.
    ends: Mutex<Vec<TcpStream>>,
    /// Whether the line loses everything.
    silent: AtomicBool,
    /// Bytes towards the client.
    received: AtomicU64,
}

impl Line {
    /// A line to this port.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        // Ends with the test: it waits for connections.
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                connect(&near, &far, &shared);
            }
        });
        Self { port: own, state }
    }

    /// Closes all connections at both ends.
    pub(crate) fn cut(&self) {
        for end in self.state.ends.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Loses every byte from now on, without closing a connection.
    pub(crate) fn fall_silent(&self) {
        self.state.silent.store(true, Ordering::SeqCst);
    }

    /// Bytes that came to the client so far, as encrypted.
    pub(crate) fn received(&self) -> u64 {
        self.state.received.load(Ordering::SeqCst)
    }
}

/// Starts both directions of a connection.
fn connect(near: &TcpStream, far: &TcpStream, state: &Arc<State>) {
    for (from, to, counted) in [(near, far, false), (far, near, true)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        to.set_nodelay(true).unwrap();
        state.ends.lock().unwrap().push(to.try_clone().unwrap());
        let (sender, pieces) = channel();
        thread::spawn(move || read(from, &sender));
        let state = Arc::clone(state);
        thread::spawn(move || pass(to, &pieces, &state, counted));
    }
}

/// Reads pieces, each with the time at which it came.
fn read(mut from: TcpStream, sender: &Sender<(Instant, Vec<u8>)>) {
    let mut buffer = [0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}

/// Writes each piece when the line has carried it over.
fn pass(mut to: TcpStream, pieces: &Receiver<(Instant, Vec<u8>)>, state: &State, counted: bool) {
    let mut free = Instant::now();
    for (came, piece) in pieces {
        let size = u32::try_from(piece.len()).unwrap();
        free = free.max(came + DELAY) + Duration::from_secs(1) * size / RATE;
        thread::sleep(free.saturating_duration_since(Instant::now()));
        if state.silent.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&piece).is_err() {
            break;
        }
        if counted {
            state.received.fetch_add(u64::from(size), Ordering::SeqCst);
        }
    }
    if !state.silent.load(Ordering::SeqCst) {
        let _ = to.shutdown(Shutdown::Both);
    }
}
