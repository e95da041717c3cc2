//! Writes the model card of a run.
//! The `README.md` of a model folder, in the form that the Hugging Face hub reads.
//!
//! Text from files and users is escaped, for Markdown and for the YAML at the front.

use std::{fmt::Write, path::Path};

use serde_json::{Value, json};

use super::{
    Point, Settings, Status,
    metrics::{self, LabelScores, Scores},
};
use crate::{
    spans::ScoreScale,
    text::{
        number::{grouped, with_noun},
        width::clean,
    },
};

/// File name of the picture of the curves.
pub const CURVES: &str = "curves.svg";

/// Note about the scores of a model whose tags are decoded as a sequence.
const IN_SEQUENCE: &str = "\
The scores below are for tags decoded as a sequence in which no span begins with `I-` (Viterbi's algorithm over the logits), as in
`tagli eval` and on the program's screens. A pipeline chooses each tag by itself and scores slightly lower.
";

/// Note about the scores of spans of a calibrated model.
const CALIBRATED: &str = "\
The scores of spans that tagliatelle shows are calibrated on the validation split: of spans with a score of .9, about nine in ten are
right on text like it. A pipeline shows the probabilities of the network, which are mostly higher.
";

/// Content of a model card. Unknown items are left out.
#[derive(Clone, Debug, Default)]
pub struct Card<'a> {
    /// Name of the model.
    pub name: &'a str,
    /// Id of the model on the hub.
    pub id: &'a str,
    /// Whether its tags are decoded as a sequence.
    pub constrained: bool,
    /// Temperature and shift of its scores, if they are calibrated.
    pub scale: Option<ScoreScale>,
    /// Architecture, as `config.json` calls it.
    pub kind: &'a str,
    /// Name of the architecture for people, such as "DistilBERT".
    pub title: &'a str,
    /// Id of its base model on the hub.
    pub base: Option<&'a str>,
    /// Version of this program.
    pub version: &'a str,
    /// Labels.
    pub labels: &'a [String],
    /// Settings of its run.
    pub settings: Option<&'a Settings>,
    /// Data of the run, as in its `config.json`.
    pub data: Option<&'a Value>,
    /// Whether the annotator of the data is named. The card is public, so a name is in it only on request.
    pub names_annotator: bool,
    /// Metric points of the run.
    pub points: &'a [Point],
    /// Final status of the run.
    pub status: Option<&'a Status>,
    /// Day on which the run began.
    pub day: Option<&'a str>,
    /// Provenance of the data, as pairs of a heading and a text.
    pub provenance: &'a [(&'a str, &'a str)],
}

impl Card<'_> {
    /// Writes the card.
    pub fn markdown(&self) -> String {
        let mut text = format!("---\n{}---\n\n# {}\n\n", self.head(), plain(self.name));
        // Writing to a string cannot fail.
        let _ = self.body(&mut text);
        text
    }

    /// Evaluations of the model's weights on validation and test split.
    fn scored(&self) -> [(&'static str, Option<&Point>); 2] {
        let keep_best = self.settings.is_some_and(|settings| settings.keep_best);
        let valid = metrics::kept(self.points, keep_best, self.status.and_then(|status| status.checkpoint));
        let test = self.points.iter().rfind(|point| matches!(point, Point::Eval { split, .. } if split == "test"));
        [("validation", valid), ("test", test)]
    }

    /// YAML front matter. JSON strings are valid YAML.
    fn head(&self) -> String {
        let mut text = "library_name: transformers\npipeline_tag: token-classification\n".to_owned();
        text += "tags:\n- token-classification\n- named-entity-recognition\n- tagliatelle\n";
        let _ = writeln!(text, "- {}", json!(self.kind));
        if let Some(base) = self.base {
            let _ = writeln!(text, "base_model: {}", json!(base));
        }
        let results: Vec<Value> =
            self.scored().into_iter().filter_map(|(split, point)| self.result(split, point?)).collect();
        if !results.is_empty() {
            text += "metrics:\n- precision\n- recall\n- f1\n- accuracy\n";
            let _ = writeln!(text, "model-index: {}", json!([{ "name": self.name, "results": results }]));
        }
        text
    }

    fn result(&self, split: &str, point: &Point) -> Option<Value> {
        let Point::Eval { word, .. } = point else { return None };
        Some(json!({
            "task": { "type": "token-classification", "name": "Token Classification" },
            "dataset": { "type": "custom", "name": self.data_name(), "split": split },
            "metrics": [
                metric("precision", word.precision), metric("recall", word.recall), metric("f1", word.f1),
                metric("accuracy", word.accuracy),
            ],
        }))
    }

    /// Name of the project, or of the training file. The folder of the file is private.
    fn data_name(&self) -> String {
        let file = || Path::new(self.data_text("train")?).file_name()?.to_str();
        clean(self.data_text("project").or_else(file).unwrap_or("tagged reviews")).into_owned()
    }

    fn data_text(&self, name: &str) -> Option<&str> {
        self.data?.get(name)?.as_str()
    }

    /// Number of documents, words or spans of a split.
    fn data_count(&self, split: &str, noun: &str) -> Option<String> {
        let count = self.data?.get("account")?.get(split)?.get(format!("{noun}s"))?.as_u64()?;
        Some(with_noun(usize::try_from(count).ok()?, noun))
    }

    fn body(&self, out: &mut String) -> std::fmt::Result {
        let base = self.base.map_or_else(String::new, |base| format!(" from [{base}](https://huggingface.co/{base})"));
        let (title, version) = (self.title, self.version);
        writeln!(out, "A {title} that marks spans in text, fine-tuned{base} with tagliatelle {version}.\n")?;
        let labels: Vec<String> = self.labels.iter().map(|label| plain(label)).collect();
        if !labels.is_empty() {
            writeln!(out, "Labels: {}.\n", labels.join(", "))?;
        }
        writeln!(out, "## Use\n\n```python\nfrom transformers import pipeline\n")?;
        writeln!(out, "tag = pipeline(\"ner\", model={}, aggregation_strategy=\"first\")", json!(self.id))?;
        writeln!(out, "tag(\"cheap tacos near the park\")\n```\n")?;
        writeln!(out, "```sh\ntagli models pull {0}\ntagli predict {0} \"cheap tacos near the park\"\n```\n", self.id)?;
        if self.constrained {
            writeln!(out, "{IN_SEQUENCE}")?;
        }
        if let Some(scale) = self.scale {
            let (temperature, shift) = (scale.temperature.value(), scale.shift());
            writeln!(out, "{CALIBRATED}The temperature is {temperature}, the shift {shift} (`config.json`).\n")?;
        }
        self.scores(out)?;
        self.curve(out)?;
        self.sources(out)?;
        let Some(settings) = self.settings else { return Ok(()) };
        let json = serde_json::to_string_pretty(settings).unwrap_or_default();
        writeln!(out, "## Settings\n\nAs `tagli train --settings` reads them.\n\n```json\n{json}\n```")
    }

    fn scores(&self, out: &mut String) -> std::fmt::Result {
        let scored = self.scored();
        if scored.iter().all(|(_, point)| point.is_none()) {
            return Ok(());
        }
        writeln!(
            out,
            "## Scores\n\nEntities, counted as in seqeval: a span is correct if its label and both ends are.\n"
        )?;
        writeln!(
            out,
            "| split | count | precision | recall | F1 | accuracy |\n| --- | --- | ---: | ---: | ---: | ---: |"
        )?;
        for (split, point) in scored {
            let Some(Point::Eval { word, piece, tables, .. }) = point else { continue };
            row(out, split, "per word", word)?;
            if let Some(tables) = tables {
                row(out, split, "per word, strict", &tables.word_strict.all)?;
            }
            row(out, split, "per word piece", piece)?;
        }
        for (split, point) in scored {
            let Some(Point::Eval { labels, .. }) = point else { continue };
            writeln!(out, "\n{split}, each label, per word:\n")?;
            writeln!(out, "| label | precision | recall | F1 | spans |\n| --- | ---: | ---: | ---: | ---: |")?;
            for (label, LabelScores { precision, recall, f1, support, .. }) in labels {
                writeln!(out, "| {} | {precision:.3} | {recall:.3} | {f1:.3} | {} |", plain(label), grouped(*support))?;
            }
        }
        writeln!(out)
    }

    fn curve(&self, out: &mut String) -> std::fmt::Result {
        let mut evaluations = self.points.iter().filter(|point| point.valid_f1().is_some()).peekable();
        if evaluations.peek().is_none() {
            return Ok(());
        }
        writeln!(out, "## Curve\n\n![loss and F1 by step]({CURVES})\n")?;
        writeln!(out, "| step | epoch | validation loss | F1 per word |\n| ---: | ---: | ---: | ---: |")?;
        for point in evaluations {
            let Point::Eval { step, epoch, loss, word, .. } = point else { continue };
            writeln!(out, "| {step} | {epoch:.2} | {loss:.4} | {:.4} |", word.f1)?;
        }
        writeln!(out)
    }

    fn sources(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## Data and making\n")?;
        writeln!(out, "- data: {}", plain(&self.data_name()))?;
        for split in ["train", "valid", "test"] {
            let counts = ["document", "word", "span"].map(|noun| self.data_count(split, noun));
            if let [Some(documents), Some(words), Some(spans)] = counts {
                writeln!(out, "- {split}: {documents}, {words}, {spans}")?;
            }
        }
        self.helpers(out)?;
        let annotator = self.data_text("annotator").filter(|_| self.names_annotator).map(|name| ("annotator", name));
        let provenance = annotator.into_iter().chain(self.provenance.iter().copied());
        for (heading, text) in provenance.filter(|(_, text)| !text.trim().is_empty()) {
            writeln!(out, "- {heading}: {}", plain(text))?;
        }
        if let Some(status) = self.status {
            let device = status.device.split(':').next().unwrap_or_default();
            let (phase, step, steps) = (status.phase.name(), status.step, status.steps);
            let seconds = status.seconds;
            writeln!(out, "- training: {phase} after {step} of {steps} steps, {seconds:.0} s, on {}", plain(device))?;
            if let Some(kept) = status.checkpoint {
                writeln!(out, "- the weights are those after step {kept}")?;
            }
        }
        if let Some(day) = self.day {
            writeln!(out, "- begun on {day}")?;
        }
        writeln!(out)
    }
}

/// What helped besides tagged documents.
impl Card<'_> {
    fn helpers(&self, out: &mut String) -> std::fmt::Result {
        let used = self.data.and_then(|data| data.get("untagged")?.get("used")?.as_u64());
        let used = used.and_then(|used| usize::try_from(used).ok()).map(|used| with_noun(used, "document"));
        let stage = self.points.iter().find_map(|point| match point {
            Point::Stage { step, untagged, .. } => Some((*step, untagged.kept)),
            _ => None,
        });
        let weights = self.status.and_then(|status| status.checkpoint);
        match (used, stage) {
            (Some(used), Some((border, kept))) => {
                let outcome = match weights.is_some_and(|step| step <= border) {
                    true => "tried in a second stage, whose model is not kept",
                    false => "learned with predicted tags",
                };
                writeln!(out, "- untagged: {used}, {kept} of them {outcome}")?;
            }
            (Some(used), None) => writeln!(out, "- untagged: {used}")?,
            (None, _) => {}
        }
        let teachers = self.data.and_then(|data| data.get("teachers")?.as_array()).into_iter().flatten();
        // The folder of a teacher is private.
        let names = teachers.filter_map(|name| Path::new(name.as_str()?).file_name()?.to_str());
        let names: Vec<String> = names.map(plain).collect();
        if names.is_empty() { Ok(()) } else { writeln!(out, "- teachers: {}", names.join(", ")) }
    }
}

fn metric(name: &str, value: f64) -> Value {
    json!({ "type": name, "value": value, "name": format!("{name} per word") })
}

fn row(out: &mut String, split: &str, count: &str, scores: &Scores) -> std::fmt::Result {
    let Scores { precision, recall, f1, accuracy } = scores;
    writeln!(out, "| {split} | {count} | {precision:.3} | {recall:.3} | {f1:.3} | {accuracy:.3} |")
}

/// Escapes text for Markdown: on one line and without markup.
fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => escaped += "&lt;",
            '&' => escaped += "&amp;",
            '\\' | '`' | '*' | '[' | ']' | '|' | '#' | '!' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::Temperature;
    use std::collections::BTreeMap;

    fn evaluation(step: usize, split: &str, f1: f64) -> Point {
        let scores = Scores { precision: 0.5, recall: 0.25, f1, accuracy: 0.75 };
        let label = LabelScores { precision: 0.5, recall: 0.25, f1, support: 1234, found: Some(9) };
        let labels = BTreeMap::from([("Dish|x".to_owned(), label)]);
        let (piece, word) = (Scores { f1: 0.1, ..scores }, scores);
        Point::Eval { step, epoch: 1.0, split: split.into(), loss: 0.5, piece, word, labels, tables: None }
    }

    #[test]
    fn a_card_tells_data_settings_scores_curve_and_source() {
        let points = [evaluation(10, "valid", 0.7), evaluation(20, "valid", 0.6), evaluation(10, "test", 0.65)];
        let settings = Settings { keep_best: true, ..Settings::lesson("mini") };
        let status = Status {
            step: 20,
            steps: 40,
            seconds: 12.4,
            device: "flex: here".into(),
            checkpoint: Some(10),
            ..Status::default()
        };
        let data = json!({ "project": "reviews", "annotator": "ada",
            "account": { "train": { "documents": 3, "words": 30, "spans": 5 } } });
        let card = Card {
            name: "restaurants",
            id: "ada/restaurants",
            constrained: true,
            scale: Temperature::new(1.5).and_then(|found| ScoreScale::new(found, -0.25)),
            kind: "distilbert",
            title: "DistilBERT",
            base: Some("distilbert/distilbert-base-uncased"),
            version: "0.1.0",
            labels: &["Dish|x".into()],
            settings: Some(&settings),
            data: Some(&data),
            names_annotator: true,
            points: &points,
            status: Some(&status),
            day: Some("2026-11-26"),
            provenance: &[("source", "https://x.example"), ("licence", "CC-BY-4.0"), ("citation", "")],
        };
        let text = card.markdown();
        for expected in [
            "base_model: \"distilbert/distilbert-base-uncased\"\n",
            "| validation | per word | 0.500 | 0.250 | 0.700 | 0.750 |",
            "| test | per word piece | 0.500 | 0.250 | 0.100 | 0.750 |",
            "| Dish\\|x | 0.500 | 0.250 | 0.700 | 1,234 |",
            "| 20 | 1.00 | 0.5000 | 0.6000 |",
            "- data: reviews\n- train: 3 documents, 30 words, 5 spans\n- annotator: ada\n- source: https://x.example\n- licence: CC-BY-4.0\n",
            "- training: starting after 20 of 40 steps, 12 s, on flex\n- the weights are those after step 10\n",
            "model=\"ada/restaurants\"",
            "tags decoded as a sequence",
            "The temperature is 1.5, the shift -0.25",
            "\"keep_best\": true",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(!text.contains("citation"));
        let unnamed = Card { names_annotator: false, name: "m", id: "m", ..card }.markdown();
        assert!(
            !unnamed.contains("annotator") && unnamed.contains("5 spans\n- source: https://x.example\n"),
            "{unnamed}"
        );
        let head = text.split("---\n").nth(1).unwrap();
        let index = head.lines().find_map(|line| line.strip_prefix("model-index: ")).unwrap();
        let index: Value = serde_json::from_str(index).unwrap();
        assert_eq!(index[0]["results"][0]["metrics"][2]["value"], 0.7);
        assert_eq!(index[0]["results"][1]["dataset"]["split"], "test");
    }

    #[test]
    fn what_a_project_is_called_is_text_and_no_markup() {
        let data = json!({ "project": "a\n---\n<script>[x](y)\u{1b}[31m" });
        let card = Card {
            name: "m",
            version: "1",
            data: Some(&data),
            points: &[evaluation(1, "valid", 0.5)],
            ..Card::default()
        };
        let text = card.markdown();
        assert!(text.contains("- data: a\u{240a}---\u{240a}&lt;script>\\[x\\](y)\u{241b}\\[31m\n"), "{text}");
        assert_eq!(text.lines().filter(|line| *line == "---").count(), 2);
    }

    #[test]
    fn a_card_names_untagged_documents_and_teachers_without_their_folders() {
        let data = json!({ "untagged": { "read": 9, "used": 7 }, "teachers": ["0003-small", "teachers/secret/ru_n"] });
        let card = Card { name: "m", version: "1", data: Some(&data), ..Card::default() };
        let text = card.markdown();
        assert!(text.contains("- untagged: 7 documents\n- teachers: 0003-small, ru_n\n"), "{text}");
        assert!(!text.contains("secret"), "{text}");
        let untagged = crate::runs::UntaggedCounts { kept: 5, ..Default::default() };
        let points = [Point::Stage { step: 1, epoch: 1.0, stage: 2, untagged }];
        for (weights, outcome) in [
            (None, "learned with predicted tags"),
            (Some(2), "learned with predicted tags"),
            (Some(1), "tried in a second stage, whose model is not kept"),
        ] {
            let status = Status { checkpoint: weights, ..Status::default() };
            let text = Card { points: &points, status: Some(&status), ..card }.markdown();
            assert!(text.contains(&format!("- untagged: 7 documents, 5 of them {outcome}\n")), "{text}");
        }
    }

    #[test]
    fn a_folder_without_a_run_has_a_card_too() {
        let data = json!({ "train": "somewhere/secret/train.txt" });
        let card = Card { name: "m", kind: "bert", title: "BERT", version: "1", data: Some(&data), ..Card::default() };
        let text = card.markdown();
        assert!(
            text.contains("- data: train.txt\n") && !text.contains("secret") && text.contains("A BERT that"),
            "{text}"
        );
        let text = Card { name: "m", version: "1", labels: &["Dish".into()], ..Card::default() }.markdown();
        assert!(text.contains("Labels: Dish.") && !text.contains("## Scores") && !text.contains("## Settings"));
    }
}
