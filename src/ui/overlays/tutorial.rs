//! The tutorial: a strip above the screen, always of the same height.

use ratatui::layout::Rect;

use crate::app::{
    overlays::tutorial::{Lesson, ROWS, STEPS},
    screen::SizeClass,
};

use super::super::{
    Canvas,
    chrome::wrapped,
    paint::{bottom, inset, top},
};

impl Canvas<'_> {
    /// Draws the tutorial and returns the rows below it.
    pub(in crate::ui) fn tutorial(&mut self, body: Rect) -> Rect {
        let Some(lesson) = self.state.lesson() else { return body };
        let (strip, rest) = top(body, ROWS);
        let (strip, rule) = bottom(strip, 1);
        let (head, text) = top(inset(strip, 2), 1);
        self.lesson_head(&lesson, head);
        let room = usize::from(text.width);
        // Where there is little room, the task is shown without the explanation.
        let said = match self.class() {
            SizeClass::Tiny | SizeClass::Compact => lesson.what.clone(),
            SizeClass::Standard | SizeClass::Full => format!("{} {}", lesson.what, lesson.why),
        };
        let lines = wrapped(&said, room, usize::from(text.height), self.painter.caps.glyphs);
        for (y, line) in (text.top()..text.bottom()).zip(&lines) {
            self.painter.text(text.x, y, text.width, line, self.theme.text);
        }
        self.painter.rule(rule, self.theme.border);
        let away = format!(" {} puts it away ", lesson.key);
        self.painter.text_before(rule.right().saturating_sub(2), rule.y, rule.width, &away, self.theme.muted);
        rest
    }

    /// Draws the steps.
    /// Where there is no room for all, only the last one done and the one in front.
    fn lesson_head(&mut self, lesson: &Lesson, area: Rect) {
        let tick = self.painter.caps.pick("\u{2713}", "x");
        let mut pieces = vec![(format!("tutorial {}/{}", lesson.done, STEPS.len()), self.theme.accent)];
        if self.class() == SizeClass::Full {
            pieces.extend(STEPS.iter().enumerate().map(|(at, step)| match at {
                at if at < lesson.done => (format!("{tick} {}", step.name), self.theme.ok),
                at if at == lesson.done => (format!("> {}", step.name), self.theme.text),
                _ => (step.name.to_owned(), self.theme.muted),
            }));
        } else {
            let done = lesson.done.checked_sub(1).and_then(|at| STEPS.get(at));
            pieces.extend(done.map(|step| (format!("{tick} {}", step.name), self.theme.ok)));
            pieces.extend(STEPS.get(lesson.done).map(|step| (format!("> {}", step.name), self.theme.text)));
        }
        self.painter.pieces(area, &pieces);
    }
}
