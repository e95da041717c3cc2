//! Tags of files of any CoNLL layout as they are spelt there: of one file, packed or not, or of each in a folder or an archive.

use std::io;

use super::{
    Files, Format, Problem, ReadOptions, Source, TagSentence,
    conll::tag_numbers,
    container::{Container, members},
};

/// Reads the tags of a file, in the format that was found or named.
///
/// Also returns the problems. What cannot be read of several files is a problem of the file with its name.
///
/// # Errors
/// The source cannot be read or unpacked, or has changed meanwhile.
pub fn read_tags(
    source: &dyn Source,
    format: &Format,
    options: &ReadOptions,
) -> io::Result<(Vec<TagSentence>, Vec<Problem>)> {
    let container = Container::open(source)?;
    let contents = container.contents();
    let read = match contents.files() {
        None => tag_numbers::read_tags(contents, format, options),
        Some(files) => match members::only(files)? {
            Some(only) => tag_numbers::read_tags(&*only, format, options),
            None => read_each(files, format, options)?,
        },
    };
    source.check_unchanged()?;
    Ok(read)
}

fn read_each(
    files: &dyn Files,
    format: &Format,
    options: &ReadOptions,
) -> io::Result<(Vec<TagSentence>, Vec<Problem>)> {
    let mut all = (Vec::new(), Vec::new());
    for (index, name) in files.names().iter().enumerate() {
        let file = files.open(index)?;
        let (sentences, problems) = match members::open_member(&*file, files.is_archive()) {
            Ok(container) => tag_numbers::read_tags(container.contents(), format, options),
            Err(why) => (Vec::new(), vec![Problem::error(why)]),
        };
        all.0.extend(sentences);
        all.1.extend(problems.into_iter().map(|problem| Problem { file: Some(name.clone()), ..problem }));
    }
    Ok(all)
}
