//! Overlays, drawn over the screen.

mod annotators;
mod confusion;
mod correction;
mod examples;
mod export;
mod fetch_menu;
mod guide;
mod help;
mod history;
mod import;
mod jump;
mod label_editor;
mod labels;
mod learning;
mod mistakes;
mod note;
mod occurrences;
mod page;
mod palette;
mod quit_menu;
mod removal;
mod repair_menu;
mod sentence_file;
mod sentence_search;
mod split_menu;
mod stop_menu;
mod tutorial;
mod whose_work;

use ratatui::layout::Rect;

use crate::app::overlays::Overlay;

use super::Canvas;

impl Canvas<'_> {
    /// Draws the overlay in front.
    pub(super) fn overlay(&mut self, area: Rect) {
        let Some(overlay) = self.state.overlay() else { return };
        self.hits.clear();
        self.cursor = None;
        self.painter.marked = None;
        match overlay {
            Overlay::Annotators(panel) => self.annotators(area, panel),
            Overlay::Confusion(panel) => self.confusion(area, panel),
            Overlay::Correction(panel) => self.correction(area, panel),
            Overlay::Examples(panel) => self.examples(area, panel),
            Overlay::Export(panel) => self.export(area, panel),
            Overlay::FetchMenu(panel) => self.fetch_menu(area, panel),
            Overlay::WhoseWork(panel) => self.whose_work(area, panel),
            Overlay::Guide(panel) => self.guide(area, panel),
            Overlay::Help(panel) => self.help(area, panel),
            Overlay::History(panel) => self.history(area, panel),
            Overlay::Import(panel) => self.import(area, panel),
            Overlay::Jump(_) => self.jump(area),
            Overlay::LabelEditor(panel) => self.label_editor(area, panel),
            Overlay::Labels(_) => self.more_labels(area),
            Overlay::Learning(panel) => self.learning(area, panel),
            Overlay::Mistakes(panel) => self.mistakes(area, panel),
            Overlay::RepairMenu(panel) => self.repair_menu(area, panel),
            Overlay::Note(panel) => self.note(area, panel),
            Overlay::Occurrences(panel) => self.occurrences(area, panel),
            Overlay::Page(panel) => self.page(area, panel),
            Overlay::Palette(panel) => self.palette(area, panel),
            Overlay::QuitMenu(_) => self.quit_menu(area),
            Overlay::Removal(panel) => self.removal(area, panel),
            Overlay::SentenceFile(panel) => self.sentence_file(area, panel),
            Overlay::SentenceSearch(panel) => self.sentence_search(area, panel),
            Overlay::SplitMenu(panel) => self.split_menu(area, panel),
            Overlay::StopMenu(_) => self.stop_menu(area),
        }
    }
}
