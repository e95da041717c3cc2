//! The arguments of the command line, parsed by clap.
//! Names and meanings are a contract: scripts rely on them.

mod documents;
mod evaluation;
mod export_runs;
mod suspects;
mod tags;
mod train;
mod values;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::{
    formats::{Format, OnLoss},
    inference::{Precision, Strategy},
    project::OnDuplicate,
    runs::{Control, embedded_bases},
    spans::{Scheme, Split},
    text::Grid,
};

pub use documents::{Correct, Documents, DocumentsAction, Remove, SplitDocuments};
pub use evaluation::{CompareRuns, Compute, Counts, Eval, TestSet};
pub use export_runs::{CurveFormat, ExportRuns};
pub use suspects::Suspects;
pub use tags::Tags;
pub use train::{NewRun, Train};

use tags::TAGS;
pub use values::AtMost;
use values::{DEVICE, described, format, one_of};

/// Tag reviews with the number keys, fine-tune DistilBERT while the curves draw
/// themselves, explore the model
#[derive(Debug, Parser)]
#[command(name = "tagli", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    /// Command; without one, the project in DIR is opened on the screen
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Project to open
    #[command(flatten)]
    pub open: Open,
    /// Write one JSON document or JSON lines to standard output, and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// Write a log of this run to FILE
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// `tagli [DIR]`
#[derive(Args, Debug)]
pub struct Open {
    /// The project's folder; for a sample, your copy of it
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Your name as annotator; each annotator has a journal
    #[arg(long = "as", value_name = "ANNOTATOR")]
    pub annotator: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// For screen readers: no lines and curves, words for everything,
    /// the terminal cursor at the program's cursor
    #[arg(long)]
    pub plain: bool,
    /// Colours: ansi, mono, truecolor-dark, truecolor-light
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a project
    New(New),
    /// Import files into a project;
    /// reports what was detected and what could not be kept
    Import(Import),
    /// Write a project's annotations to a file, and prove it by reading it again
    Export(Export),
    /// Convert a file into another format through the same readers and writers
    Convert(Convert),
    /// Show splits, counts, labels, lengths, one record
    Inspect(Inspect),
    /// Fine-tune a model
    Train(Box<Train>),
    /// Evaluate a model on a tagged file
    Eval(Eval),
    /// Score one tag file against another, as seqeval does
    Score(Score),
    /// Show how far the annotators of a project agree, and where they do not
    Agree(Agree),
    /// List labels that are probably wrong, and decide on them
    Suspects(Suspects),
    /// Tag texts with a model
    Predict(Predict),
    /// List, download and upload models
    Models(Models),
    /// Correct, remove and restore documents of a project, and split them
    Documents(Documents),
    /// List, follow, control, export and remove the runs of a project
    Runs(Runs),
    /// Show the settings with their meanings, defaults and sources
    Config(Config),
    /// Check terminal, devices, paths, cache and the integrity of a project
    Doctor(Doctor),
    /// Show a page (tag, bio, metrics, recipe, formats, ssh, hub, read, learning),
    /// or the arguments of a command
    Help(Help),
    /// Write the completions of a shell to standard output
    Completions(Completions),
    /// Write the manual page to standard output
    Man,
}

/// `tagli new`
#[derive(Args, Debug)]
pub struct New {
    /// The folder to create
    pub dir: PathBuf,
    /// A Label Studio labelling config (.xml), or names separated by commas;
    /// default: the eight restaurant labels
    #[arg(long, value_name = "FILE.xml or A,B,C")]
    pub labels: Option<String>,
    /// Rule by which texts are cut into words; default: as in the settings
    #[arg(long, value_parser = one_of::<Grid>())]
    pub grid: Option<Grid>,
}

/// `tagli import`
#[derive(Args, Debug)]
pub struct Import {
    /// The project's folder; for a sample, your copy of it
    pub dir: PathBuf,
    /// Files to read, `-` for standard input; all of them or none
    #[arg(required_unless_present = "undo")]
    pub files: Vec<PathBuf>,
    /// Format of the files; detected by content when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: Option<&'static Format>,
    /// Choices for files of tagged words
    #[command(flatten)]
    pub tags: Tags,
    /// A Label Studio labelling config, which the project keeps:
    /// its names of fields and controls are used from now on
    #[arg(long, value_name = "LABELS.xml")]
    pub config: Option<PathBuf>,
    /// Split of the documents
    #[arg(long, value_name = "S", value_parser = one_of::<Split>())]
    pub split: Option<Split>,
    /// Annotator credited with the files' annotations
    #[arg(long = "as", value_name = "ANNOTATOR")]
    pub annotator: Option<String>,
    /// Documents whose id the project has for another text;
    /// asked on a terminal when not given
    #[arg(long, value_name = "HOW", value_parser = described::<OnDuplicate>())]
    pub on_duplicate: Option<OnDuplicate>,
    /// Report what would be imported, change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Undo the last import: its documents that were not changed since are
    /// gone again
    #[arg(long, conflicts_with_all = ["files", "format", TAGS, "split", "config", "annotator", "on_duplicate", "dry_run"])]
    pub undo: bool,
}

/// `tagli export`
#[derive(Args, Debug)]
pub struct Export {
    /// The project's folder; for a sample, your copy of it
    pub dir: PathBuf,
    /// The format to write
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: &'static Format,
    /// The file to write, `-` for standard output; brat and
    /// cas-json write a new folder if it ends with a slash;
    /// default: a file in exports/, in place of an unchanged export
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    pub force: bool,
    /// Export only this split
    #[arg(long, value_name = "S", value_parser = one_of::<Split>())]
    pub split: Option<Split>,
    /// Annotator of the annotations
    #[arg(long, alias = "as", value_name = "A")]
    pub annotator: Option<String>,
    /// Tag scheme
    #[arg(long, value_name = "SCHEME", value_parser = one_of::<Scheme>(), default_value = "bio")]
    pub scheme: Scheme,
    /// Treatment of spans that the format cannot hold
    #[arg(long, value_name = "HOW", value_parser = described::<OnLoss>(), default_value = "fail")]
    pub on_loss: OnLoss,
    /// Export documents that are not done, too; a note says how many
    #[arg(long)]
    pub all: bool,
    /// Export what this search finds, done or not; searches are those of
    /// the Documents screen, such as 'label:Dish status:done'
    #[arg(long, value_name = "QUERY", conflicts_with = "all", allow_hyphen_values = true)]
    pub query: Option<String>,
}

/// `tagli convert`
#[derive(Args, Debug)]
pub struct Convert {
    /// The files to read, `-` for standard input; several become one file
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,
    /// The file to write, `-` for standard output
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Replace OUT if it exists
    #[arg(long)]
    pub force: bool,
    /// Format of IN; detected by content when not given
    #[arg(long, visible_alias = "format", value_name = "F", value_parser = format())]
    pub from: Option<&'static Format>,
    /// Choices for files of tagged words
    #[command(flatten)]
    pub tags: Tags,
    /// Format of OUT; by its extension when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub to: Option<&'static Format>,
    /// A Label Studio labelling config that names the labels
    #[arg(long, value_name = "LABELS.xml")]
    pub config: Option<PathBuf>,
    /// Tag scheme
    #[arg(long, value_name = "SCHEME", value_parser = one_of::<Scheme>(), default_value = "bio")]
    pub scheme: Scheme,
    /// Treatment of spans that the format cannot hold
    #[arg(long, value_name = "HOW", value_parser = described::<OnLoss>(), default_value = "fail")]
    pub on_loss: OnLoss,
}

/// `tagli inspect`
#[derive(Args, Debug)]
pub struct Inspect {
    /// A project's folder or a file
    pub path: PathBuf,
    /// Format of the file; detected by content when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: Option<&'static Format>,
    /// Choices for files of tagged words
    #[command(flatten)]
    pub tags: Tags,
    /// Annotator of the annotations, for a project
    #[arg(long, alias = "as", value_name = "A")]
    pub annotator: Option<String>,
    /// Show this record, counted from 1
    #[arg(long, value_name = "N")]
    pub record: Option<usize>,
    /// Show the word pieces of the record, and which of them carry a tag
    #[arg(long)]
    pub pieces: bool,
    /// Explain the BIO tags of the record
    #[arg(long)]
    pub bio: bool,
    /// The model whose tokenizer cuts the pieces
    #[arg(long, value_name = "B", default_value = embedded_bases::DEFAULT)]
    pub base: String,
}

/// `tagli score`
#[derive(Args, Debug)]
pub struct Score {
    /// The right tags
    pub gold: PathBuf,
    /// The tags to be scored
    pub pred: PathBuf,
    /// Format of both files; detected by content when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: Option<&'static Format>,
    /// Choices for files of tagged words
    #[command(flatten)]
    pub tags: Tags,
}

/// `tagli agree`
#[derive(Args, Debug)]
pub struct Agree {
    /// The project's folder; for a sample, your copy of it
    pub dir: PathBuf,
    /// Annotators, separated by commas; default: all except gold
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub annotators: Vec<String>,
    /// List every place where two of them differ
    #[arg(long)]
    pub differences: bool,
}

/// `tagli predict`
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("texts").required(true).args(["text", "file"])))]
pub struct Predict {
    /// A model's folder
    pub model: String,
    /// The text to tag
    pub text: Option<String>,
    /// A file with one text per line, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Write the texts with what the model finds in this format,
    /// with scores if it can hold them
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub to: Option<&'static Format>,
    /// The file to write with --to, `-` for standard output
    #[arg(long, value_name = "FILE", requires = "to", default_value = "-")]
    pub out: PathBuf,
    /// Replace the file of --out if it exists
    #[arg(long, requires = "to")]
    pub force: bool,
    /// Tag scheme of --to
    #[arg(long, value_name = "SCHEME", value_parser = one_of::<Scheme>(), requires = "to", default_value = "bio")]
    pub scheme: Scheme,
    /// Treatment of spans that the format of --to cannot hold
    #[arg(long, value_name = "HOW", value_parser = described::<OnLoss>(), requires = "to", default_value = "fail")]
    pub on_loss: OnLoss,
    /// Strategy by which word pieces become entities;
    /// default: first, or with --json none, as in the Hugging Face pipeline; with --to by word, with calibrated scores
    #[arg(long, value_name = "STRATEGY", value_parser = one_of::<Strategy>())]
    pub aggregation: Option<Strategy>,
    /// Word pieces by which the windows of a long text overlap;
    /// without it, text beyond the model's limit is cut, with a note
    #[arg(long, value_name = "N")]
    pub stride: Option<usize>,
    /// Labels to omit
    #[arg(long, value_name = "LABEL", value_delimiter = ',', default_value = "O")]
    pub ignore_labels: Vec<String>,
    /// Precision: fp32 is exact; int8 is quick and changes scores a little
    #[arg(long, value_name = "NAME", value_parser = one_of::<Precision>(), default_value = "fp32")]
    pub precision: Precision,
    /// Device; the help lists the names
    #[arg(long, help = DEVICE)]
    pub device: Option<String>,
}

/// `tagli models`
#[derive(Args, Debug)]
pub struct Models {
    /// Action
    #[command(subcommand)]
    pub action: ModelsAction,
}

/// The actions of `tagli models`.
#[derive(Debug, Subcommand)]
pub enum ModelsAction {
    /// List the base models on this machine
    List,
    /// Download a model from the hub to the Hugging Face cache
    Pull {
        /// Id of the model, such as distilbert-base-uncased
        id: String,
    },
    /// Upload a model folder to the hub, with a model card
    Push(Push),
}

/// `tagli models push`
#[derive(Args, Debug)]
pub struct Push {
    /// Folder of a run or of a model
    pub folder: PathBuf,
    /// Id of the model; without an owner it is yours
    pub id: String,
    /// Create it as a private model if it does not exist
    #[arg(long)]
    pub private: bool,
    /// Message of the commit
    #[arg(long, value_name = "TEXT", default_value = "Add model from tagliatelle")]
    pub message: String,
    /// Show the model card and the files, upload nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Name the annotator of the training data in the model card
    #[arg(long)]
    pub name_annotators: bool,
}

/// `tagli runs`
#[derive(Args, Debug)]
pub struct Runs {
    /// Action
    #[command(subcommand)]
    pub action: RunsAction,
}

/// The actions of `tagli runs`.
#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// List the runs of a project or a folder, with their size on disk
    List {
        /// A project (of a sample, your copy), a run, or a folder of runs
        dir: PathBuf,
    },
    /// Follow a run until it ends
    Watch {
        /// A project (of a sample, your copy), a run, or a folder of runs
        dir: PathBuf,
        /// The run; default: the newest
        id: Option<String>,
    },
    /// Send a command to a live run, wherever it was started
    Tell {
        /// A project (of a sample, your copy), a run, or a folder of runs
        dir: PathBuf,
        /// Command
        #[arg(value_parser = described::<Control>())]
        command: Control,
        /// The run; default: the newest
        id: Option<String>,
    },
    /// Compare two runs on the same sentences, with intervals
    Compare(Box<CompareRuns>),
    /// Write the curves of runs as a table, a picture or TensorBoard's files
    Export(ExportRuns),
    /// Delete a run
    Remove {
        /// The project's folder; for a sample, your copy of it
        dir: PathBuf,
        /// The run
        id: String,
    },
}

/// `tagli config`
#[derive(Args, Debug)]
pub struct Config {
    /// One setting of the program, or of a training
    pub name: Option<String>,
    /// Project whose settings count, too; the current folder when not given
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// `tagli doctor`
#[derive(Args, Debug)]
pub struct Doctor {
    /// A project's folder to check as well
    pub dir: Option<PathBuf>,
    /// Repair what a crash, a merge by git or another program left in the
    /// project, after a question, and keep copies of the files
    #[arg(long, requires = "dir")]
    pub repair: bool,
    /// Answer the question of --repair with yes
    #[arg(long, requires = "repair")]
    pub yes: bool,
}

/// `tagli help`
#[derive(Args, Debug)]
pub struct Help {
    /// A page or a command, such as `metrics`, `train`, `runs watch`;
    /// without one, the list of both
    #[arg(value_name = "PAGE or COMMAND")]
    pub words: Vec<String>,
}

/// `tagli completions`
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_folder_alone_opens_it_and_a_command_is_a_command() {
        let cli = Cli::try_parse_from(["tagli", "my-reviews", "--as", "ada"]).unwrap();
        assert_eq!(cli.open.dir.as_deref(), Some(std::path::Path::new("my-reviews")));
        assert!(Cli::try_parse_from(["tagli"]).unwrap().command.is_none());
        assert!(matches!(
            Cli::try_parse_from(["tagli", "doctor", "--json"]).unwrap(),
            Cli { command: Some(_), json: true, .. }
        ));
        assert!(Cli::try_parse_from(["tagli", "train"]).is_err());
        assert!(Cli::try_parse_from(["tagli", "train", "--train", "a"]).is_err());
    }
}
