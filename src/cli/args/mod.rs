//! The command line as clap sees it. Names and meanings are a contract: scripts rely on them.

mod train;

use std::{path::PathBuf, str::FromStr};

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use strum::{EnumMessage, ParseError, VariantArray, VariantNames};

use crate::{
    formats::{self, FORMATS, Format, OnLoss},
    inference::Strategy,
    runs::Control,
    spans::{Scheme, Split},
};

pub use train::Train;

/// Tag reviews with the number keys, fine-tune DistilBERT while the curves draw themselves, explore the model
#[derive(Debug, Parser)]
#[command(name = "tagli", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    /// What to do; without a command the project in DIR opens in the screen
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to open
    #[command(flatten)]
    pub open: Open,
    /// One JSON document or JSON lines on standard output and nothing else there
    #[arg(long, global = true)]
    pub json: bool,
    /// Write a log of this run to FILE
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

/// `tagli [DIR]`
#[derive(Args, Debug)]
pub struct Open {
    /// The project's folder
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Your name as an annotator; each annotator has an own journal
    #[arg(long = "as", value_name = "ANNOTATOR")]
    pub annotator: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// For screen readers: no lines and curves, words for everything, the terminal's cursor where yours is.
    #[arg(long)]
    pub plain: bool,
    /// Colours: ansi, mono, truecolor-dark, truecolor-light
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a project
    New(New),
    /// Read files into a project; says what was detected and what could not be kept
    Import(Import),
    /// Write a project's annotations to a file, then re-read and prove it
    Export(Export),
    /// Turn one file into another through the same readers and writers
    Convert(Convert),
    /// Show splits, counts, labels, lengths, one record
    Inspect(Inspect),
    /// Fine-tune a model
    Train(Box<Train>),
    /// Score a model on a tagged file
    Eval(Eval),
    /// Score one tag file against another, as seqeval does
    Score(Score),
    /// How far the annotators of a project agree, and where they do not
    Agree(Agree),
    /// Tag texts with a model
    Predict(Predict),
    /// Base models: embedded, cached, on the hub; send trained ones there
    Models(Models),
    /// The runs of a project
    Runs(Runs),
    /// Check terminal, devices, paths, cache and a project's integrity
    Doctor(Doctor),
    /// Show a page (tag, bio, metrics, recipe, formats, ssh, hub), or how a command is called
    Help(Help),
    /// Write the completions of a shell to standard output
    Completions(Completions),
    /// Write the manual page to standard output
    Man,
}

/// `tagli new`
#[derive(Args, Debug)]
pub struct New {
    /// The folder to make
    pub dir: PathBuf,
    /// A Label Studio labelling config (.xml), or names separated by commas; default: the eight restaurant labels
    #[arg(long, value_name = "FILE.xml or A,B,C")]
    pub labels: Option<String>,
    /// How texts are cut into words: natural, space, treebank, bert
    #[arg(long, default_value = "natural")]
    pub grid: crate::text::Grid,
}

/// `tagli import`
#[derive(Args, Debug)]
pub struct Import {
    /// The project's folder
    pub dir: PathBuf,
    /// Files to read
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The files' format; found by content when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: Option<&'static Format>,
    /// The part of the data that the documents belong to: train, valid, test
    #[arg(long, value_name = "S", value_parser = split)]
    pub split: Option<Split>,
    /// The annotator to whom the files' annotations are credited
    #[arg(long = "as", value_name = "ANNOTATOR")]
    pub annotator: Option<String>,
    /// Say what would be read, change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `tagli export`
#[derive(Args, Debug)]
pub struct Export {
    /// The project's folder
    pub dir: PathBuf,
    /// The format to write
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: &'static Format,
    /// The file to write, `-` for standard output; default: a file in exports/
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Only this part of the data
    #[arg(long, value_name = "S", value_parser = split)]
    pub split: Option<Split>,
    /// Whose annotations
    #[arg(long, alias = "as", value_name = "A")]
    pub annotator: Option<String>,
    /// How spans become tags: bio, iob1, bioes, bilou
    #[arg(long, default_value = "bio")]
    pub scheme: Scheme,
    /// What to do with spans that the format cannot hold
    #[arg(long, value_name = "HOW", value_parser = one_of::<OnLoss>(), default_value = "fail")]
    pub on_loss: OnLoss,
    /// Documents that are not done, too
    #[arg(long)]
    pub all: bool,
}

/// `tagli convert`
#[derive(Args, Debug)]
pub struct Convert {
    /// The file to read, `-` for standard input
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file to write, `-` for standard output
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Format of IN; found by content when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub from: Option<&'static Format>,
    /// Format of OUT; by its extension when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub to: Option<&'static Format>,
    /// A Label Studio labelling config that names the labels
    #[arg(long, value_name = "LABELS.xml")]
    pub config: Option<PathBuf>,
    /// How spans become tags: bio, iob1, bioes, bilou
    #[arg(long, default_value = "bio")]
    pub scheme: Scheme,
    /// What to do with spans that the format cannot hold
    #[arg(long, value_name = "HOW", value_parser = one_of::<OnLoss>(), default_value = "fail")]
    pub on_loss: OnLoss,
}

/// `tagli inspect`
#[derive(Args, Debug)]
pub struct Inspect {
    /// A project's folder or a file
    pub path: PathBuf,
    /// Whose annotations, of a project
    #[arg(long, alias = "as", value_name = "A")]
    pub annotator: Option<String>,
    /// Show this record, counted from 1
    #[arg(long, value_name = "N")]
    pub record: Option<usize>,
    /// Show the word pieces of the record, and which of them carry a tag
    #[arg(long)]
    pub pieces: bool,
    /// Explain BIO tags on the record
    #[arg(long)]
    pub bio: bool,
    /// The model whose tokenizer cuts the pieces
    #[arg(long, value_name = "B", default_value = "mini")]
    pub base: String,
}

/// `tagli eval`
#[derive(Args, Debug)]
pub struct Eval {
    /// A model's folder
    pub model: String,
    /// A tagged file
    #[arg(long, value_name = "F")]
    pub data: PathBuf,
    /// auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// `tagli score`
#[derive(Args, Debug)]
pub struct Score {
    /// The right tags
    pub gold: PathBuf,
    /// The tags to be scored
    pub pred: PathBuf,
}

/// `tagli agree`
#[derive(Args, Debug)]
pub struct Agree {
    /// The project's folder
    pub dir: PathBuf,
    /// Whose work: names separated by commas; all who have annotated, but gold, when not given
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub annotators: Vec<String>,
    /// Tell every place where two of them differ
    #[arg(long)]
    pub differences: bool,
}

/// `tagli predict`
#[derive(Args, Debug)]
pub struct Predict {
    /// A model's folder
    pub model: String,
    /// The text to tag
    #[arg(required_unless_present = "file")]
    pub text: Option<String>,
    /// A file with one text a line, `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub file: Option<PathBuf>,
    /// How pieces become entities: none, simple, first, average, max
    #[arg(long, value_name = "STRATEGY", default_value = "none")]
    pub aggregation: Strategy,
    /// Pieces by which the windows of a long text overlap; without it text past the model's limit is cut, and said
    #[arg(long, value_name = "N")]
    pub stride: Option<usize>,
    /// Labels to leave out
    #[arg(long, value_name = "LABEL", value_delimiter = ',', default_value = "O")]
    pub ignore_labels: Vec<String>,
    /// auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// `tagli models`
#[derive(Args, Debug)]
pub struct Models {
    /// What to do with them
    #[command(subcommand)]
    pub action: ModelsAction,
}

/// The actions of `tagli models`.
#[derive(Debug, Subcommand)]
pub enum ModelsAction {
    /// List the bases at hand
    List,
    /// Fetch a model from the hub into the Hugging Face cache
    Pull {
        /// The model's id, such as distilbert-base-uncased
        id: String,
    },
    /// Send a model folder to the hub, with a model card
    Push(Push),
}

/// `tagli models push`
#[derive(Args, Debug)]
pub struct Push {
    /// The folder of a run, or of a model
    pub folder: PathBuf,
    /// The model's id; without an owner it is yours
    pub id: String,
    /// Make it a private model if it is not there yet
    #[arg(long)]
    pub private: bool,
    /// What the commit says
    #[arg(long, value_name = "TEXT", default_value = "Add model from tagliatelle")]
    pub message: String,
    /// Show the model card and the files, send nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `tagli runs`
#[derive(Args, Debug)]
pub struct Runs {
    /// What to do with them
    #[command(subcommand)]
    pub action: RunsAction,
}

/// The actions of `tagli runs`.
#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// List the runs of a project with their size on disk
    List {
        /// The project's folder
        dir: PathBuf,
    },
    /// Follow a run until it ends
    Watch {
        /// The project's folder
        dir: PathBuf,
        /// The run; default: the newest
        id: Option<String>,
    },
    /// Tell a run that is going on, wherever it was started
    Tell {
        /// The project's folder
        dir: PathBuf,
        /// What it is to do
        #[arg(value_parser = documented::<Control>())]
        command: Control,
        /// The run; default: the newest
        id: Option<String>,
    },
    /// Write the curves of a run
    Export {
        /// The project's folder
        dir: PathBuf,
        /// The run; default: the newest
        id: Option<String>,
        /// As what: csv, svg
        #[arg(long, value_name = "F", default_value = "csv")]
        format: String,
        /// The file to write; default: standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Delete a run
    Remove {
        /// The project's folder
        dir: PathBuf,
        /// The run
        id: String,
    },
}

/// `tagli doctor`
#[derive(Args, Debug)]
pub struct Doctor {
    /// A project's folder to check as well
    pub dir: Option<PathBuf>,
}

/// `tagli help`
#[derive(Args, Debug)]
pub struct Help {
    /// A page or a command, such as `metrics`, `train`, `runs watch`; without one the list of both
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

/// Parser for the name of a variant; help lists the variants with their documentation.
fn documented<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantArray + EnumMessage + Into<&'static str> + FromStr<Err = ParseError> + Copy + Send + Sync + 'static,
{
    let values = T::VARIANTS.iter().map(|variant| {
        let help = variant.get_documentation().map(|text| text.trim_end_matches('.'));
        PossibleValue::new((*variant).into()).help(help.unwrap_or_default())
    });
    PossibleValuesParser::new(values).try_map(|name| name.parse())
}

/// Parser for one of the names of an enum; help and completions list them.
fn one_of<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantNames + FromStr<Err = ParseError> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|name| name.parse())
}

/// Parser for the name of a format; help and completions list the names.
fn format() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(names).try_map(|name| formats::find(&name))
}

fn split(text: &str) -> Result<Split, String> {
    text.parse()
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
