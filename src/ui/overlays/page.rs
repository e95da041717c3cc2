//! A page to read over the screen, and the line that names the pages.

use ratatui::layout::Rect;

use crate::app::{
    command::{Command, Context},
    overlays::page::Page,
    pages::{self, Kind, Topic},
};

use super::super::{
    Canvas,
    paint::{bottom, top},
};

/// Word before the names of the pages, where there is room.
const WORD: &str = "pages";

impl Canvas<'_> {
    /// Draws a page from its first line shown on.
    pub(super) fn page(&mut self, area: Rect, page: &Page) {
        let topic = page.topic;
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let (columns, _) = pages::room(self.state.session.size);
        let lines = topic.lines(columns);
        let shown = usize::from(rest.height);
        let from = page.top.min(lines.len().saturating_sub(shown));
        let place = format!("{}-{} of {}", from + 1, (from + shown).min(lines.len()), lines.len());
        let start = self.painter.text_before(head.right(), head.y, head.width, &place, self.theme.muted);
        self.painter.text(head.x, head.y, start.saturating_sub(head.x + 1), topic.title(), self.theme.accent);
        for (y, line) in (rest.top()..rest.bottom()).zip(lines.iter().skip(from)) {
            let style = if line.kind == Kind::Heading { self.theme.accent } else { self.theme.text };
            self.painter.text(rest.x, y, rest.width, &line.text, style);
        }
        self.page_names(foot, Some(topic));
    }

    /// The names of the pages behind the keys that open them.
    /// The one that is open is marked.
    pub(super) fn page_names(&mut self, area: Rect, open: Option<Topic>) {
        // The keys matter more than the word before them, and all of them more than blanks.
        let pages = Topic::ALL.len();
        let names: usize = Topic::ALL.iter().map(|topic| 1 + topic.name().len()).sum();
        let room = usize::from(area.width).saturating_sub(names);
        let word = if room >= 3 * pages + WORD.len() { WORD } else { "" };
        let gap = if room >= 3 * pages { 2 } else { 1 };
        let blank = u16::from(room >= 2 * pages);
        if names + pages - 1 > usize::from(area.width) && self.digits_in_order() {
            return self.page_names_after_digits(area, open);
        }
        let mut x = area.x + self.painter.text(area.x, area.y, area.width, word, self.theme.muted);
        let room = |x: u16| area.right().saturating_sub(x);
        for topic in Topic::ALL.iter().copied() {
            let mut keys = self.state.session.keymap.keys(Context::Help, Command::Page(topic));
            let key = keys.next().map_or_else(|| ":".to_owned(), |binding| binding.key.to_string());
            x += if x == area.x { 0 } else { gap };
            x += self.painter.text(x, area.y, room(x), &key, self.theme.accent) + blank;
            let style = if open == Some(topic) { self.theme.selection } else { self.theme.text };
            x += self.painter.text(x, area.y, room(x), topic.name(), style);
        }
    }
}

impl Canvas<'_> {
    /// Whether the pages have the digits from 1 on as keys, in their order.
    fn digits_in_order(&self) -> bool {
        let keymap = &self.state.session.keymap;
        Topic::ALL.iter().zip('1'..='9').all(|(topic, digit)| {
            let mut keys = keymap.keys(Context::Help, Command::Page(*topic));
            keys.next().and_then(|binding| binding.key.typed()) == Some(digit)
        })
    }

    /// The digits together, then the names: for a screen that has no room for a digit before each name.
    fn page_names_after_digits(&mut self, area: Rect, open: Option<Topic>) {
        let digits = format!("1-{}", Topic::ALL.len());
        let mut x = area.x + self.painter.text(area.x, area.y, area.width, &digits, self.theme.accent);
        for topic in Topic::ALL.iter().copied() {
            let style = if open == Some(topic) { self.theme.selection } else { self.theme.text };
            x += 1;
            x += self.painter.text(x, area.y, area.right().saturating_sub(x), topic.name(), style);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};

    use crate::{
        app::{Event, Key, State, pages::Topic, update},
        text::width::Glyphs,
        ui::{Caps, Theme, draw},
    };

    fn after(keys: &str, columns: u16, rows: u16) -> State {
        let mut state = State::default();
        update(&mut state, Event::Resize { columns, rows });
        press(&mut state, keys);
        state
    }

    fn press(state: &mut State, keys: &str) {
        for name in keys.split_whitespace() {
            let key: Key = name.parse().unwrap();
            assert!(update(state, Event::Key { key, at: 0 }).is_empty());
        }
    }

    fn shown(state: &State, glyphs: Glyphs) -> String {
        let mut terminal =
            Terminal::new(TestBackend::new(state.session.size.columns, state.session.size.rows)).unwrap();
        let caps = Caps { glyphs, plain: false };
        terminal.draw(|frame| drop(draw(state, &Theme::named("mono").unwrap(), caps, frame))).unwrap();
        let buffer = terminal.backend().buffer();
        let row = |y| {
            let cells = (0..state.session.size.columns).map(|x| buffer[(x, y)].symbol());
            cells.collect::<String>().trim_end().to_owned()
        };
        (0..state.session.size.rows).map(row).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_page_looks_like_this() {
        let wide = shown(&after("? 3", 80, 24), Glyphs::Unicode);
        let narrow = shown(&after("? 2 G", 60, 16), Glyphs::Ascii);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!("page", format!("80x24\n{wide}\n\n60x16, the end\n{narrow}"));
        });
    }

    #[test]
    fn every_page_opens_and_is_read_to_its_end() {
        for (columns, rows) in [(120, 40), (80, 24), (60, 16)] {
            for (at, topic) in Topic::ALL.iter().copied().enumerate() {
                let mut state = after(&format!("? {}", at + 1), columns, rows);
                let first = shown(&state, Glyphs::Ascii);
                assert!(first.contains(topic.title()) && first.is_ascii(), "{first}");
                let (wide, high) = crate::app::pages::room(state.session.size);
                let lines = topic.lines(wide);
                let mut seen = first;
                for _ in 0..lines.len() / high {
                    press(&mut state, "space");
                    seen.push_str(&shown(&state, Glyphs::Ascii));
                }
                for line in &lines {
                    assert!(seen.contains(line.text.trim_end()), "{} at {columns}x{rows}: {:?}", topic.name(), line);
                }
                let end = shown(&state, Glyphs::Ascii);
                assert!(end.contains(&format!("of {}", lines.len())) && end.contains(&lines[lines.len() - 1].text));
            }
        }
    }

    #[test]
    fn the_help_names_the_pages_and_a_digit_goes_from_one_to_another() {
        let mut state = after("?", 60, 16);
        assert!(shown(&state, Glyphs::Ascii).contains("1-9 tag bio metrics recipe formats ssh hub read learning"));
        assert!(shown(&after("?", 80, 24), Glyphs::Ascii).contains(" 7 hub 8 read 9 learning"));
        assert!(shown(&after("?", 100, 24), Glyphs::Ascii).contains("pages  1 tag  2 bio  3 metrics"));
        press(&mut state, "6 end 3");
        assert!(shown(&state, Glyphs::Ascii).contains(Topic::Metrics.title()));
        press(&mut state, "esc");
        assert!(state.overlays.is_empty());
        press(&mut state, ": h e l p - s s h enter");
        assert!(shown(&state, Glyphs::Ascii).contains(Topic::Ssh.title()));
        press(&mut state, "q");
        assert!(state.overlays.is_empty());
    }
}
