//! Arguments of every command that reads tagged words.

use std::num::NonZeroUsize;

use clap::Args;

use super::values::one_of;
use crate::{formats::TagOptions, spans::tag_form::TagRule};

/// Group of all arguments of [`Tags`].
pub(super) const TAGS: &str = "tags";

/// Choices for files of tagged words, in place of what their contents show.
#[derive(Args, Debug, Default)]
#[group(id = TAGS, multiple = true)]
pub struct Tags {
    /// Column of the word in files of tagged words, counted from 1; detected when not given
    #[arg(long, value_name = "N")]
    pub word_column: Option<NonZeroUsize>,
    /// Column of the tag in files of tagged words, counted from 1; detected when not given
    #[arg(long, value_name = "N")]
    pub tag_column: Option<NonZeroUsize>,
    /// Scheme of the tags that are read; `labels`: they have no letters
    #[arg(long, value_name = "S", value_parser = one_of::<TagRule>())]
    pub tag_scheme: Option<TagRule>,
    /// The first line of a file of tagged words names the columns
    #[arg(long, overrides_with = "no_header")]
    pub header: bool,
    /// The first line of a file of tagged words is a word
    #[arg(long)]
    pub no_header: bool,
    /// Names of tags that are numbers, in the order of the numbers:
    /// O,B-Dish,I-Dish, or a file with one per line
    #[arg(long, value_name = "NAMES or FILE")]
    pub tag_names: Option<String>,
}

impl Tags {
    /// The choices for a reader.
    pub fn options(&self) -> TagOptions {
        TagOptions {
            word_column: self.word_column.map(from_zero),
            tag_column: self.tag_column.map(from_zero),
            rule: self.tag_scheme,
            header: (self.header || self.no_header).then_some(self.header),
        }
    }
}

fn from_zero(column: NonZeroUsize) -> usize {
    column.get() - 1
}
