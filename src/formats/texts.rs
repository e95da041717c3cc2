//! The first texts of a file, for whoever wants only these.

use std::io;

use super::{
    Format, Problem, ReadOptions, Source,
    format::Streamed,
    sink::{Found, LabelNames, Sink},
};

impl Format {
    /// Reads a file and hands over the text of each document until `take` has enough.
    /// Returns the problems that were found, none of a reading that was ended.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn read_texts(
        &self,
        source: &dyn Source,
        options: &ReadOptions,
        take: &mut dyn FnMut(&str) -> bool,
    ) -> io::Result<Vec<Problem>> {
        let mut sink = TextSink { take, is_ended: false };
        match self.read_into(source, options, &mut sink) {
            Ok(Streamed { problems, .. }) => Ok(problems),
            Err(_) if sink.is_ended => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

struct TextSink<'a> {
    take: &'a mut dyn FnMut(&str) -> bool,
    is_ended: bool,
}

impl Sink for TextSink<'_> {
    fn wants_fields(&self) -> bool {
        false
    }

    fn take(&mut self, found: Found, _: &LabelNames) -> io::Result<()> {
        self.is_ended = self.is_ended || !(self.take)(&found.document.text);
        if self.is_ended { Err(io::Error::other("there are texts enough")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::find;

    #[test]
    fn texts_come_until_no_more_are_wanted() {
        let read = |bytes: &[u8], most: usize| {
            let mut texts = Vec::new();
            let problems = find("text").unwrap().read_texts(&bytes, &ReadOptions::default(), &mut |text| {
                texts.push(text.to_owned());
                texts.len() < most
            });
            (texts, problems.unwrap().len())
        };
        let lines = b"fish tacos\n\ncheap beer\nopen late\n";
        assert_eq!(read(lines, 2), (vec!["fish tacos".to_owned(), "cheap beer".to_owned()], 0));
        let (all, problems) = read(lines, 9);
        assert_eq!((all.len(), problems), (3, 1), "the empty line is noted");
    }
}
