//! Parsers for values with names: enums of the lower floors and formats.
//! Help and completions list the names.

use std::{ffi::OsStr, fmt::Display, marker::PhantomData, str::FromStr};

use clap::{
    Arg, Command,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
};
use strum::{EnumMessage, VariantArray};

use crate::formats::{self, FORMATS, Format};

/// Help of `--device`.
pub(super) const DEVICE: &str =
    "Device: auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N; default: as in the settings";

/// Parser for the variants of an enum.
/// It uses [`FromStr`], so that aliases are accepted, too.
pub(super) fn one_of<T: Named>() -> OneOf<T> {
    OneOf { describe: |_| None, kind: PhantomData }
}

/// As [`one_of`]; the long help describes each variant by its doc comment.
pub(super) fn described<T: Named + EnumMessage>() -> OneOf<T> {
    OneOf { describe: |variant| variant.get_documentation(), kind: PhantomData }
}

/// Parser for the name of a format.
pub(super) fn format() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    clap::builder::PossibleValuesParser::new(names).try_map(|name| formats::find(&name))
}

/// Largest number of things to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtMost(pub usize);

/// Parser for a number of things to list, or `all`.
pub(super) fn at_most(text: &str) -> Result<AtMost, String> {
    match text {
        "all" => Ok(AtMost(usize::MAX)),
        number => number.parse().map(AtMost).map_err(|_| "give a number, or `all`".to_owned()),
    }
}

/// An enum whose variants have names.
pub(super) trait Named:
    VariantArray + Copy + Into<&'static str> + FromStr<Err: Display> + Send + Sync + 'static
{
}

impl<T> Named for T where T: VariantArray + Copy + Into<&'static str> + FromStr<Err: Display> + Send + Sync + 'static {}

/// See [`one_of`].
#[derive(Clone)]
pub(super) struct OneOf<T> {
    describe: fn(&T) -> Option<&'static str>,
    kind: PhantomData<T>,
}

impl<T: Named> TypedValueParser for OneOf<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let parse = |text: String| text.parse::<T>().map_err(|error| error.to_string());
        StringValueParser::new().try_map(parse).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(T::VARIANTS.iter().map(|variant| {
            let value = PossibleValue::new((*variant).into());
            match (self.describe)(variant) {
                Some(help) => value.help(help.replace('\n', " ").trim_end().trim_end_matches('.').to_owned()),
                None => value,
            }
        })))
    }
}
