//! Simulation of power cuts for tests.
//!
//! A [`Recorder`] watches a folder while a test works in it: before each change and at each sync, the folder is compared
//! with its state at the last one. From the log, [`Recorder::states_at`] computes folders that a power cut may leave at
//! any moment. What was not synced by then is lost, kept, cut off, or replaced by zeros, in any combination and order.
//!
//! The model is stricter than common file systems: a new name is lost if its folder was not synced, even if the file was,
//! and each change of a name is kept or lost by itself, unless it needs an earlier one that is lost. A rename is atomic.
//! (The method is that of Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014.)

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::RangeInclusive,
    os::{
        fd::AsFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use rand_mt::Mt64;

thread_local! {
    static RECORDER: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Temporary folder in memory where the system has one: a test that makes thousands of files need not wait for a disk.
pub(in crate::project) fn folder_in_memory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
}

/// Number of a file or folder in the log. The file system gives the numbers of removed ones to new ones.
type Node = usize;

/// Contents of a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Contents {
    File(Vec<u8>),
    Folder(BTreeMap<String, Node>),
}

/// Change of one file.
#[derive(Clone, Debug)]
enum Write {
    Append { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

/// Names that change at once: folder, name, and the file or folder that has it from then on.
type Names = Vec<(Node, String, Option<Node>)>;

#[derive(Clone, Debug)]
enum Event {
    /// A file or folder without contents appeared.
    New(Node, Contents),
    Write(Node, Write),
    Names(Names),
    Synced(Node),
    /// The test has seen an operation begin or succeed.
    Mark,
}

#[derive(Debug)]
struct Log {
    root: PathBuf,
    /// Live files and folders by the file system's number.
    nodes: BTreeMap<u64, Node>,
    /// Contents at the last look.
    seen: BTreeMap<Node, Contents>,
    /// Files without a name that were synced, by the file system's number.
    synced_unnamed: BTreeSet<u64>,
    /// Number for the next new file or folder.
    next: Node,
    events: Vec<Event>,
    /// Number of events that describe the contents at the start.
    start: usize,
}

/// Records all changes that this thread makes in a folder, as long as the value lives.
pub(in crate::project) struct Recorder;

impl Recorder {
    /// Starts with the present contents of the folder, which count as synced.
    pub(in crate::project) fn start(root: &Path) -> Self {
        let mut log = Log {
            root: root.to_owned(),
            nodes: BTreeMap::new(),
            seen: BTreeMap::new(),
            synced_unnamed: BTreeSet::new(),
            next: 0,
            events: Vec::new(),
            start: 0,
        };
        log.look();
        let all: Vec<Node> = log.seen.keys().copied().collect();
        log.events.extend(all.into_iter().map(Event::Synced));
        log.start = log.events.len();
        RECORDER.set(Some(log));
        Self
    }

    /// Notes this moment. Returns the number of events before it.
    pub(in crate::project) fn mark(&self) -> usize {
        with_log(|log| {
            log.look();
            log.events.push(Event::Mark);
            log.events.len()
        })
        .unwrap_or_default()
    }

    /// Moments at which the power can be cut.
    pub(in crate::project) fn moments(&self) -> RangeInclusive<usize> {
        with_log(|log| log.start..=log.events.len()).unwrap_or(0..=0)
    }

    /// Calls `check` with a folder for each state that a power cut after `moment` events may leave, and the state's name.
    ///
    /// The states are the extremes, and `random` ones that follow from the moment.
    pub(in crate::project) fn states_at(&self, moment: usize, random: usize, mut check: impl FnMut(&Path, &str)) {
        let states = with_log(|log| {
            let mut disk = Disk::default();
            log.events.iter().take(moment).for_each(|event| disk.apply(event));
            disk.states(moment, random)
        });
        for (name, contents) in states.unwrap_or_default() {
            let folder = folder_in_memory();
            write_tree(&contents, 0, folder.path());
            check(folder.path(), &name);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        RECORDER.set(None);
    }
}

fn with_log<T>(work: impl FnOnce(&mut Log) -> T) -> Option<T> {
    RECORDER.with_borrow_mut(|log| log.as_mut().map(work))
}

/// Looks for changes, before the next one is made.
pub(super) fn observe() {
    with_log(Log::look);
}

/// Notes that an open file or folder was synced.
pub(super) fn synced(open: impl AsFd) {
    with_log(|log| {
        log.look();
        let Ok(stat) = rustix::fs::fstat(open) else { return };
        match log.nodes.get(&stat.st_ino) {
            Some(node) => log.events.push(Event::Synced(*node)),
            None => drop(log.synced_unnamed.insert(stat.st_ino)),
        }
    });
}

/// Whether a file has contents that only inform people, and that are written in place.
fn is_lock(name: &str) -> bool {
    name.ends_with(".lock")
}

impl Log {
    /// Compares the folder with the last look, and notes the differences.
    fn look(&mut self) {
        let mut now = BTreeMap::new();
        let mut live = BTreeMap::new();
        let root = self.root.clone();
        self.read(&root, &mut now, &mut live);
        let before = std::mem::replace(&mut self.seen, now);
        self.nodes = live;
        let mut changed: Names = Vec::new();
        for (node, contents) in &self.seen {
            let old = before.get(node);
            match (old, contents) {
                (_, Contents::Folder(names)) => {
                    let empty = BTreeMap::new();
                    let old = match old {
                        Some(Contents::Folder(names)) => names,
                        _ => &empty,
                    };
                    let all: BTreeSet<&String> = old.keys().chain(names.keys()).collect();
                    let differing = all.into_iter().filter(|name| old.get(*name) != names.get(*name));
                    changed.extend(differing.map(|name| (*node, name.clone(), names.get(name).copied())));
                }
                (Some(Contents::File(old)), Contents::File(bytes)) if old != bytes => {
                    let write = if bytes.len() > old.len() && bytes.starts_with(old) {
                        Write::Append { at: old.len(), bytes: bytes[old.len()..].to_vec() }
                    } else {
                        assert!(old.starts_with(bytes), "a file was changed in place");
                        Write::Truncate(bytes.len())
                    };
                    self.events.push(Event::Write(*node, write));
                }
                _ => {}
            }
        }
        let groups = grouped(changed, &before);
        self.events.extend(groups.into_iter().map(Event::Names));
    }

    /// Reads a folder and everything in it. Files and folders that are new get numbers and events.
    fn read(&mut self, path: &Path, now: &mut BTreeMap<Node, Contents>, live: &mut BTreeMap<u64, Node>) -> Node {
        let metadata = fs::symlink_metadata(path).unwrap();
        let inode = metadata.ino();
        let known = self.nodes.get(&inode).or_else(|| live.get(&inode)).copied();
        let contents = if metadata.is_dir() {
            Contents::Folder(BTreeMap::new())
        } else if is_lock(&path.file_name().unwrap().to_string_lossy()) {
            Contents::File(Vec::new())
        } else {
            Contents::File(fs::read(path).unwrap())
        };
        let node = known.unwrap_or_else(|| {
            let node = self.next;
            self.next += 1;
            self.events.push(Event::New(node, contents.clone()));
            if self.synced_unnamed.remove(&inode) {
                self.events.push(Event::Synced(node));
            }
            node
        });
        live.insert(inode, node);
        now.insert(node, contents);
        if metadata.is_dir() {
            let mut names = BTreeMap::new();
            for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
                let child = self.read(&entry.path(), now, live);
                names.insert(entry.file_name().into_string().unwrap(), child);
            }
            now.insert(node, Contents::Folder(names));
        }
        node
    }
}

/// Puts changes together that belong to one rename: those that concern the same file or folder.
fn grouped(changes: Names, before: &BTreeMap<Node, Contents>) -> Vec<Names> {
    let old = |folder: &Node, name: &String| match before.get(folder) {
        Some(Contents::Folder(names)) => names.get(name).copied(),
        _ => None,
    };
    let mut groups: Vec<(BTreeSet<Node>, Names)> = Vec::new();
    for (folder, name, new) in changes {
        let concerned: BTreeSet<Node> = old(&folder, &name).into_iter().chain(new).collect();
        let mut nodes = concerned;
        let mut names = vec![(folder, name, new)];
        let (same, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(other, _)| !other.is_disjoint(&nodes));
        for (other, more) in same {
            nodes.extend(other);
            names.extend(more);
        }
        groups = others;
        groups.push((nodes, names));
    }
    groups.into_iter().map(|(_, names)| names).collect()
}

/// A disk with what was synced, and what was changed since.
#[derive(Clone, Debug, Default)]
struct Disk {
    synced: BTreeMap<Node, Contents>,
    writes: BTreeMap<Node, Vec<Write>>,
    names: Vec<Names>,
}

impl Disk {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::New(node, Contents::Folder(_)) => drop(self.synced.insert(*node, Contents::Folder(BTreeMap::new()))),
            Event::New(node, Contents::File(bytes)) => {
                self.synced.insert(*node, Contents::File(Vec::new()));
                let write = Write::Append { at: 0, bytes: bytes.clone() };
                self.writes.insert(*node, vec![write]);
            }
            Event::Write(node, write) => self.writes.entry(*node).or_default().push(write.clone()),
            Event::Names(names) => self.names.push(names.clone()),
            Event::Synced(node) => self.sync(*node),
            Event::Mark => {}
        }
    }

    fn sync(&mut self, node: Node) {
        for write in self.writes.remove(&node).unwrap_or_default() {
            self.write(node, &write);
        }
        let (durable, rest): (Vec<Names>, Vec<Names>) =
            std::mem::take(&mut self.names).into_iter().partition(|names| names.iter().any(|(at, ..)| *at == node));
        self.names = rest;
        for names in &durable {
            self.rename(names);
        }
    }

    fn write(&mut self, node: Node, write: &Write) {
        let Some(Contents::File(file)) = self.synced.get_mut(&node) else { return };
        match write {
            Write::Truncate(len) => file.truncate(*len),
            Write::Append { at, bytes } => {
                file.resize((*at + bytes.len()).max(file.len()), 0);
                file[*at..*at + bytes.len()].copy_from_slice(bytes);
            }
        }
    }

    fn rename(&mut self, names: &Names) {
        for (folder, name, node) in names {
            let Some(Contents::Folder(entries)) = self.synced.get_mut(folder) else { continue };
            match node {
                Some(node) => drop(entries.insert(name.clone(), *node)),
                None => drop(entries.remove(name)),
            }
        }
    }

    /// Possible contents of the disk after a power cut, with names.
    fn states(&self, moment: usize, random: usize) -> Vec<(String, BTreeMap<Node, Contents>)> {
        let mut states = vec![
            ("nothing kept".to_owned(), self.cut(|_| false, |_| Fate::Lost)),
            ("everything kept".to_owned(), self.cut(|_| true, |_| Fate::Kept)),
            ("names kept".to_owned(), self.cut(|_| true, |_| Fate::Lost)),
            ("names and lengths kept".to_owned(), self.cut(|_| true, |_| Fate::Zeros)),
            ("contents kept".to_owned(), self.cut(|_| false, |_| Fate::Kept)),
        ];
        if self.names.is_empty() && self.writes.values().all(Vec::is_empty) {
            states.truncate(1);
            return states;
        }
        for number in 0..random {
            let seed = u64::try_from(moment * 1000 + number).unwrap();
            let mut names = Mt64::new(seed);
            let mut writes = Mt64::new(seed + 500);
            let contents = self.cut(
                |_| names.next_u64().is_multiple_of(2),
                |len| match writes.next_u64() % 4 {
                    0 => Fate::Lost,
                    1 => Fate::Kept,
                    2 => Fate::Zeros,
                    _ => Fate::CutOff(usize::try_from(writes.next_u64()).unwrap() % (len + 1)),
                },
            );
            states.push((format!("random state {number}"), contents));
        }
        states
    }

    /// The disk after each pending change met its fate.
    fn cut(
        &self,
        mut keeps: impl FnMut(&Names) -> bool,
        mut fate: impl FnMut(usize) -> Fate,
    ) -> BTreeMap<Node, Contents> {
        let mut disk = self.clone();
        for (node, writes) in &self.writes {
            for write in writes {
                let len = match write {
                    Write::Append { bytes, .. } => bytes.len(),
                    Write::Truncate(_) => 0,
                };
                match (fate(len), write) {
                    (Fate::Lost, _) => {}
                    (Fate::Zeros, Write::Append { at, bytes }) => {
                        disk.write(*node, &Write::Append { at: *at, bytes: vec![0; bytes.len()] });
                    }
                    (Fate::CutOff(end), Write::Append { at, bytes }) => {
                        disk.write(*node, &Write::Append { at: *at, bytes: bytes[..end].to_vec() });
                    }
                    (_, write) => disk.write(*node, write),
                }
            }
        }
        let mut lost: Vec<&Names> = Vec::new();
        for names in &self.names {
            if keeps(names) && !lost.iter().any(|earlier| depends(names, earlier)) {
                disk.rename(names);
            } else {
                lost.push(names);
            }
        }
        disk.synced
    }
}

/// Whether a change needs an earlier one: it concerns the same name, or the same file or folder.
fn depends(names: &Names, earlier: &Names) -> bool {
    names.iter().any(|(folder, name, node)| {
        earlier.iter().any(|(other_folder, other, other_node)| {
            (folder, name) == (other_folder, other) || node.is_some() && node == other_node
        })
    })
}

/// Result of a power cut for a write that was not synced.
enum Fate {
    Lost,
    Kept,
    /// The length of the file grew, its contents were not written.
    Zeros,
    /// This number of bytes was written.
    CutOff(usize),
}

/// Creates the files of a state.
fn write_tree(contents: &BTreeMap<Node, Contents>, node: Node, path: &Path) {
    match contents.get(&node) {
        Some(Contents::Folder(names)) => {
            fs::create_dir_all(path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
            names.iter().for_each(|(name, child)| write_tree(contents, *child, &path.join(name)));
        }
        Some(Contents::File(bytes)) => fs::write(path, bytes).unwrap(),
        None => panic!("{} has no contents", path.display()),
    }
}
