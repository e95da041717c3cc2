//! The annotators side by side.
//! How far they agree, the places where they do not, and what each says of the one in front.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        overlays::annotators::{Annotators, MOST, letter},
        project::Project,
        screen::SizeClass,
    },
    spans::{
        Span,
        adjudication::{ADJUDICATOR, ComparedDocument, DisputedPlace, PlaceState},
        agreement::{Agreement, Measure},
    },
    text::{
        number::{grouped, with_noun},
        width,
    },
};

use super::super::{
    Canvas,
    paint::{bottom, share, top},
    short::tail,
};

/// Maximum number of pairs of annotators shown; `tagli agree` lists all.
const PAIRS: usize = 3;

/// Spans of one place that are named, which fills a line.
const NAMED: usize = 64;

/// Columns of a span's words that are shown, which is more than a line.
const WORDS: usize = 512;

impl Canvas<'_> {
    pub(super) fn annotators(&mut self, area: Rect, comparing: &Annotators) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        if comparing.agreement.is_none() {
            self.painter.text(
                head.x,
                head.y,
                head.width,
                "The work of all annotators is being read",
                self.theme.accent,
            );
            return;
        }
        let [open, new, all] = comparing.counts();
        let new = if new > 0 { format!(", {} new", grouped(new)) } else { String::new() };
        let finished = with_noun(comparing.documents.len(), "document");
        let names = comparing.names.join(", ");
        let places = match project.is_adjudicator() {
            true => format!(" {} of {} open{new}", grouped(open), with_noun(all, "place")),
            false => format!(" they differ in {}", with_noun(all, "place")),
        };
        let end = self.painter.text_before(head.right(), head.y, head.width / 2, &places, self.theme.accent);
        let room = end.saturating_sub(head.x);
        let kept = usize::from(room).saturating_sub(width::width(&finished) + 11);
        let only = if comparing.open_only { ", open places" } else { "" };
        let title = format!("{}: {finished} finished{only}", width::cut(&names, kept));
        self.painter.text(head.x, head.y, room, &title, self.theme.accent);
        let mut measures = measures(comparing);
        if self.class() < SizeClass::Standard {
            // Of all together, which is the last line.
            measures.drain(..measures.len().saturating_sub(1));
        }
        let (table, rest) = top(rest, u16::try_from(measures.len()).unwrap_or(1));
        for (y, line) in (table.top()..table.bottom()).zip(&measures) {
            self.painter.text(table.x, y, table.width, line, self.theme.text);
        }
        let (line, rest) = top(rest, 1);
        if let Some(message) = &self.state.session.message {
            self.painter.text(line.x, line.y, line.width, &message.text, self.theme.warn);
        }
        // A line of text, one for each annotator, the model and the adjudicator.
        let said = comparing.names.len().min(MOST) + 3;
        let (list, foot) = bottom(rest, u16::try_from(said).unwrap_or(3).min(rest.height.saturating_sub(3)));
        if comparing.rows.is_empty() {
            let text = if all == 0 { "They differ nowhere" } else { "Every place is decided; o shows all" };
            self.painter.text(list.x, list.y, list.width, text, self.theme.muted);
        }
        for (line, at) in Self::page_of(list, comparing.row, comparing.rows.len()) {
            if let Some((document, place)) = comparing.place(at) {
                let decided = comparing.whose(project, at);
                self.difference(project, (document, place), decided, line);
            }
            self.list_row(line, at, comparing.row);
        }
        if let Some((document, place)) = comparing.place(comparing.row) {
            self.readings(project, comparing, document, place, foot);
        }
    }

    /// One place: document, words, each annotator's labels, and the decision.
    fn difference(
        &mut self,
        project: &Project,
        (compared, place): (&ComparedDocument, &DisputedPlace),
        decided: Option<String>,
        line: Rect,
    ) {
        let Some(document) = project.documents.get(compared.document) else { return };
        let Rect { x, y, width, .. } = line;
        let ids = (width / 6).clamp(6, 20);
        self.painter.text(x, y, ids, &tail(&document.id, usize::from(ids), self.painter.caps.glyphs), self.theme.muted);
        let words = width / 3;
        self.painter.text(x + ids + 1, y, words, place.range.of(&document.text), self.theme.text);
        let labels = |reading: &Option<Vec<Span>>| match reading {
            None => " ".to_owned(),
            Some(spans) if spans.is_empty() => "-".to_owned(),
            Some(spans) => {
                let names: Vec<&str> = spans.iter().take(NAMED).map(|span| project.labels.name(span.label)).collect();
                names.join("+")
            }
        };
        let mut all: Vec<String> = place.readings.iter().map(labels).collect();
        // Where the labels are the same, the words are not.
        let mut given = all.iter().filter(|labels| *labels != " ");
        if let Some(first) = given.next().cloned().filter(|first| given.all(|labels| labels == first)) {
            all = vec![format!("{first}, other edges")];
        }
        let start = x + ids + words + 2;
        let room = line.right().saturating_sub(start + 5);
        self.painter.text(start, y, room, &all.join(" / "), self.theme.text);
        match decided {
            Some(decided) => self.painter.text_before(line.right(), y, 4, &decided, self.theme.ok),
            None if !project.is_adjudicator() => 0,
            None => self.painter.text_before(line.right(), y, 4, "?", self.theme.warn),
        };
    }

    /// Readings of the place in front, with the keys that decide for each.
    fn readings(
        &mut self,
        project: &Project,
        comparing: &Annotators,
        compared: &ComparedDocument,
        place: &DisputedPlace,
        area: Rect,
    ) {
        let Some(document) = project.documents.get(compared.document) else { return };
        let (line, mut rest) = top(area, 1);
        self.line_around(&document.text, place.range, line);
        let said = |spans: &[&Span]| {
            let one = |span: &&Span| {
                let words = width::cut(span.range.of(&document.text), WORDS);
                format!("{} \u{ab}{words}\u{bb}", project.labels.name(span.label))
            };
            let all = spans.iter().take(NAMED).map(one);
            if spans.is_empty() { "nothing".to_owned() } else { all.collect::<Vec<_>>().join(", ") }
        };
        let mut rows: Vec<(String, String, String, Style)> = Vec::new();
        for (at, (name, reading)) in comparing.names.iter().zip(&place.readings).enumerate().take(MOST) {
            let (text, style) = match reading {
                Some(spans) => (said(&spans.iter().collect::<Vec<_>>()), self.theme.text),
                None => ("has not finished this document".to_owned(), self.theme.muted),
            };
            rows.push((letter(at), name.clone(), text, style));
        }
        let (run, text) = match project.model_spans(compared.document) {
            Ok((run, spans)) => {
                (run, said(&spans.iter().filter(|span| span.range.overlaps(place.range)).collect::<Vec<_>>()))
            }
            Err(why) => ("model".to_owned(), why.to_owned()),
        };
        rows.push(("m".to_owned(), run, text, self.theme.text));
        let verdict = compared.verdict(place, project.annotation(compared.document));
        let (text, style) = match comparing.state_of(comparing.row) {
            _ if !project.is_adjudicator() => (format!("decides, not {}", project.annotator), self.theme.muted),
            PlaceState::Open => ("not decided".to_owned(), self.theme.muted),
            PlaceState::Skipped => ("has left this document out".to_owned(), self.theme.muted),
            PlaceState::New => (format!("{}; new since it was done", said(&verdict)), self.theme.warn),
            PlaceState::Decided => (said(&verdict), self.theme.ok),
        };
        rows.push((" ".to_owned(), ADJUDICATOR.to_owned(), text, style));
        for (key, name, text, style) in rows {
            let (line, below) = top(rest, 1);
            if line.height == 0 {
                break;
            }
            self.painter.text(line.x, line.y, 1, &key, self.theme.accent);
            self.painter.text(line.x + 2, line.y, 14, &width::cut(&name, 14), self.theme.muted);
            self.painter.text(line.x + 17, line.y, line.width.saturating_sub(17), &text, style);
            rest = below;
        }
    }
}

/// Value of a measure, or `-`.
fn shown(measure: Measure) -> String {
    share(measure.value().unwrap_or(f64::NAN)).trim().to_owned()
}

/// Name of an annotator, cut to 12 columns.
fn short_name(comparing: &Annotators, at: usize) -> String {
    width::cut(comparing.names.get(at).map_or("", String::as_str), 12).to_string()
}

/// Agreement of two annotators in one line.
fn measures_of_pair(names: &str, pair: &Agreement) -> String {
    format!(
        "{names}  F1 exact {} overlap {}, kappa {} tagged {}, alpha {}",
        shown(pair.exact.f1()),
        shown(pair.overlap.f1()),
        shown(pair.kappa_all),
        shown(pair.kappa_tagged),
        shown(pair.alpha)
    )
}

/// Agreement of the annotators, one line for each pair.
/// A line for all follows if there are more than two.
fn measures(comparing: &Annotators) -> Vec<String> {
    let Some(group) = &comparing.agreement else { return Vec::new() };
    let shared = group.pairs.iter().take(PAIRS);
    let pairs: Vec<(String, &Agreement)> = shared
        .map(|(a, b, pair)| (format!("{}, {}", short_name(comparing, *a), short_name(comparing, *b)), pair))
        .collect();
    let names = pairs.iter().map(|(names, _)| width::width(names)).max().unwrap_or(0);
    let mut lines: Vec<String> =
        pairs.iter().map(|(pair_names, pair)| measures_of_pair(&width::fit(pair_names, names), pair)).collect();
    if group.pairs.len() > 1 {
        let more = group.pairs.len().saturating_sub(PAIRS);
        let more = if more > 0 { format!("; {more} more pairs: tagli agree") } else { String::new() };
        lines.push(format!(
            "{}  F1 exact {} overlap {} (means), alpha {}{more}",
            width::fit("all", names),
            shown(group.exact_f1),
            shown(group.overlap_f1),
            shown(group.alpha)
        ));
    }
    lines
}
