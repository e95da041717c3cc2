//! Nine pages to read: tagging, tags, metrics, settings, formats, SSH, the hub, mistakes, learning while tagging.
//! The screen shows them as overlays; `tagli help NAME` prints them.
//!
//! A page is text in four kinds of lines: `# ` begins a heading, the first of which is the title; four blanks begin an
//! example, which is never broken; `- ` begins an item; everything else is a paragraph. An empty line, or a line of
//! another kind, ends a paragraph or an item.

mod table;

use crate::text::{width::Glyphs, wrap::TextLayout};

use super::screen::Size;

/// Columns of a page where there is room for them: longer lines are hard to read.
pub const COLUMNS: usize = 76;
/// Beginning of an example's line.
const EXAMPLE: &str = "    ";

/// Subject of a page.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    strum::VariantArray,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "lowercase")]
pub enum Topic {
    /// Tagging with the keys.
    Tag,
    /// Spans, tags, word pieces.
    Bio,
    /// Precision, recall, F1, and how they are counted.
    Metrics,
    /// The settings of a training.
    Recipe,
    /// File formats.
    Formats,
    /// Working over SSH.
    Ssh,
    /// Fetching and sending models.
    Hub,
    /// Reading a model: mistakes, curves, more documents, suspected labels.
    Read,
    /// The model that learns while documents are tagged.
    Learning,
}

/// Kind of a page's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A heading.
    Heading,
    /// Running text.
    Text,
    /// Shown as it is.
    Example,
}

/// A line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its kind.
    pub kind: Kind,
    /// Its text.
    pub text: String,
}

impl Topic {
    /// All pages, in the order in which they are best read.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The page of this name.
    pub fn find(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    fn source(self) -> &'static str {
        match self {
            Self::Tag => include_str!("tag.md"),
            Self::Bio => include_str!("bio.md"),
            Self::Metrics => include_str!("metrics.md"),
            Self::Recipe => include_str!("recipe.md"),
            Self::Formats => include_str!("formats.md"),
            Self::Ssh => include_str!("ssh.md"),
            Self::Hub => include_str!("hub.md"),
            Self::Read => include_str!("read.md"),
            Self::Learning => include_str!("learning.md"),
        }
    }

    /// Title of the page.
    pub fn title(self) -> &'static str {
        self.source().lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_else(|| self.name())
    }

    /// The page without its title, in lines of at most `width` columns.
    /// Examples are as wide as they are.
    pub fn lines(self, width: usize) -> Vec<Line> {
        lines(self.source().lines().skip(1), width)
    }

    /// The page as plain text, its headings underlined.
    pub fn text(self) -> String {
        let title = self.title();
        let mut text = format!("{title}\n{}\n", "=".repeat(title.len()));
        for Line { kind, text: line } in self.lines(COLUMNS) {
            text.push_str(&line);
            text.push('\n');
            if kind == Kind::Heading {
                text.push_str(&"-".repeat(line.len()));
                text.push('\n');
            }
        }
        text
    }
}

/// Returns a text in the four kinds of lines of a page.
/// Lines have at most `width` columns. Deeper headings and rows of tables, as people write them in Markdown, are
/// understood, too.
pub fn lines<'a>(source: impl Iterator<Item = &'a str>, width: usize) -> Vec<Line> {
    let mut breaker = Breaker { width: width.max(1), lines: Vec::new(), open: String::new(), rows: Vec::new() };
    for line in source {
        breaker.line(line);
    }
    breaker.close();
    breaker.lines
}

/// Joins lines to paragraphs and breaks these at a width.
struct Breaker {
    width: usize,
    lines: Vec<Line>,
    /// The paragraph or item that has begun.
    open: String,
    /// Rows of the table that has begun.
    rows: Vec<Vec<String>>,
}

impl Breaker {
    fn line(&mut self, line: &str) {
        let heading = line.trim_start_matches('#');
        let kind = match line {
            _ if line.starts_with(EXAMPLE) => Kind::Example,
            _ if heading.len() < line.len() && heading.starts_with(' ') => Kind::Heading,
            _ => Kind::Text,
        };
        if line.starts_with('|') {
            self.row(line);
            return;
        }
        self.close_table();
        if kind == Kind::Text && !line.is_empty() && !line.starts_with("- ") {
            if !self.open.is_empty() {
                self.open.push(' ');
            }
            self.open.push_str(line.trim());
            return;
        }
        self.close();
        if line.starts_with("- ") {
            self.open = line.to_owned();
        } else {
            let text = if kind == Kind::Heading { heading.trim() } else { line }.to_owned();
            self.lines.push(Line { kind, text });
        }
    }

    /// Takes a row of a table, without the rule under the head.
    fn row(&mut self, line: &str) {
        self.close_text();
        self.rows.extend(table::cells(line));
    }

    /// Ends a table, and a paragraph or item.
    fn close(&mut self) {
        self.close_table();
        self.close_text();
    }

    /// Ends a table. One with too many columns for the page becomes a list.
    fn close_table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        if let Some(lines) = table::lines(&rows, self.width) {
            return self.lines.extend(lines.into_iter().map(|text| Line { kind: Kind::Text, text }));
        }
        for row in rows {
            self.open = format!("- {}", row.join("  "));
            self.close_text();
        }
    }

    fn close_text(&mut self) {
        let open = std::mem::take(&mut self.open);
        let item = open.strip_prefix("- ");
        let (first, rest) = if item.is_some() { ("- ", "  ") } else { ("", "") };
        let text = item.unwrap_or(&open);
        if text.is_empty() {
            return;
        }
        let layout = TextLayout::new(text, self.width.saturating_sub(rest.len()), Glyphs::Unicode);
        for (at, line) in layout.lines().iter().enumerate() {
            let before = if at == 0 { first } else { rest };
            let text = format!("{before}{}", line.range.of(text).trim_end());
            self.lines.push(Line { kind: Kind::Text, text });
        }
    }
}

/// Columns and rows that a page has on a screen of this size.
/// Beside it margins, around it the frame of every screen, its title and the line that names the pages.
pub fn room(size: Size) -> (usize, usize) {
    let columns = usize::from(size.columns).saturating_sub(4).clamp(1, COLUMNS);
    (columns, usize::from(size.rows).saturating_sub(5).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of text on the smallest screen.
    const NARROW: usize = 56;

    #[test]
    fn pages_are_short_plain_and_fit_every_screen() {
        for topic in Topic::ALL.iter().copied() {
            let source = topic.source();
            let count = source.lines().count();
            // The list of formats is as long as there are formats.
            let most = if topic == Topic::Formats { 150 } else { 120 };
            assert!((60..=most).contains(&count), "{}: {count} lines", topic.name());
            assert!(source.is_ascii() && source.starts_with("# "), "{}", topic.name());
            for (at, line) in source.lines().enumerate() {
                let most = if line.starts_with(EXAMPLE) { NARROW } else { COLUMNS };
                assert!(line.len() <= most, "{}.md:{}: {} columns", topic.name(), at + 1, line.len());
            }
            for width in [NARROW, COLUMNS] {
                assert!(topic.lines(width).iter().all(|line| line.text.len() <= width), "{}", topic.name());
            }
        }
    }

    #[test]
    fn words_stay_in_their_order_however_wide_the_screen_is() {
        let words = |width| {
            let lines = Topic::Ssh.lines(width).into_iter().map(|line| line.text);
            lines.flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(words(NARROW), words(COLUMNS));
        assert!(words(COLUMNS).len() > 300);
    }

    #[test]
    fn items_hang_and_examples_are_never_broken() {
        let mut breaker = Breaker { width: 12, lines: Vec::new(), open: String::new(), rows: Vec::new() };
        for line in ["# Bread", "- one two three", "  four", "- five", "", "plain words", "here", "    as it is, long"]
        {
            breaker.line(line);
        }
        breaker.close();
        let shown: Vec<&str> = breaker.lines.iter().map(|line| line.text.as_str()).collect();
        let expected =
            ["Bread", "- one two", "  three four", "- five", "", "plain words", "here", "    as it is, long"];
        assert_eq!(shown, expected);
        assert_eq!(breaker.lines.first().map(|line| line.kind), Some(Kind::Heading));
    }

    #[test]
    fn markdown_that_people_write_is_read() {
        let guide = "# Guide\n\n## Labels\n\n| key | label |\n| --- | :-: |\n| 1 | Dish |\n\n#hash is text";
        let shown: Vec<String> = lines(guide.lines(), 40).into_iter().map(|line| line.text).collect();
        assert_eq!(shown, ["Guide", "", "Labels", "", "key  label", "1    Dish", "", "#hash is text"]);
    }

    #[test]
    fn names_are_found_and_titles_differ() {
        assert!(Topic::ALL.iter().all(|topic| Topic::find(topic.name()) == Some(*topic)));
        assert_eq!(Topic::find("bios"), None);
        let titles: std::collections::HashSet<_> = Topic::ALL.iter().copied().map(Topic::title).collect();
        assert_eq!(titles.len(), Topic::ALL.len());
        assert!(Topic::Bio.text().starts_with("Words, spans and tags\n=====================\nYou mark"));
    }
}
