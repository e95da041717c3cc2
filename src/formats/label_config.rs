//! Labelling configurations of Label Studio.
//! XML with the labels, their keys, and the text that they label.

use std::collections::{HashMap, HashSet};

use roxmltree::{Document, Node, NodeId};

use super::{
    corpus::MOST_LABELS,
    decode,
    problem::{Problem, Problems, quoted, with_noun},
    xml_limits,
};
use crate::{
    spans::{Label, LabelSet},
    text::lines::LineIndex,
};

/// Part of a labelling configuration that concerns spans of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelConfig {
    /// Labels in their order, with keys.
    pub labels: LabelSet,
    /// All controls, also those that label no spans of this text.
    pub controls: Vec<Control>,
    /// Name of the `<Text>` object.
    pub text_name: String,
    /// Field of a task's data that contains the text.
    pub text_field: String,
}

/// Element of a configuration by which something is chosen or labelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// Its element: `Labels`, `Choices`, `TextArea`.
    pub kind: String,
    /// Names of the objects that it is for.
    pub objects: Vec<String>,
    /// Names of its labels, if it has any.
    pub labels: Vec<String>,
}

impl LabelConfig {
    /// Configuration for these labels with the names of Label Studio's own template.
    pub fn new(labels: LabelSet) -> Self {
        let names = labels.iter().map(|label| label.name.clone()).collect();
        let text = "text".to_owned();
        let control =
            Control { name: "label".to_owned(), kind: "Labels".to_owned(), objects: vec![text.clone()], labels: names };
        Self { labels, controls: vec![control], text_name: text.clone(), text_field: text }
    }

    /// The control with a name.
    pub fn control(&self, name: &str) -> Option<&Control> {
        self.controls.iter().find(|control| control.name == name)
    }

    /// Name of the control on this text that has a label; of the first one, if none has it.
    pub fn control_of(&self, label: &str) -> Option<&str> {
        let mut controls = self.controls.iter().filter(|control| self.labels_text(control));
        let first = controls.clone().next();
        let found = controls.find(|control| control.labels.iter().any(|name| name == label));
        found.or(first).map(|control| control.name.as_str())
    }

    fn labels_text(&self, control: &Control) -> bool {
        control.kind == "Labels" && control.objects.contains(&self.text_name)
    }
}

/// Elements that have a layout role, or are read as labels.
const LAYOUT: [&str; 8] = ["View", "Header", "Style", "Label", "Text", "Labels", "Choice", "Filter"];

/// Parses a configuration.
/// `None` if it is not XML or labels no spans of plain text; the problems give the reason.
pub fn read(bytes: &[u8]) -> (Option<LabelConfig>, Vec<Problem>) {
    let mut problems = Problems::default();
    let config = decode::text(bytes, &mut problems).and_then(|text| parse(text, &mut problems));
    (config, problems.finish())
}

fn parse(text: &str, problems: &mut Problems) -> Option<LabelConfig> {
    xml_limits::check(text).map_err(|problem| problems.push(problem)).ok()?;
    let lines = LineIndex::new(text);
    let document = Document::parse(text)
        .map_err(|error| {
            let line = usize::try_from(error.pos().row).unwrap_or_default();
            problems.push(Problem::error(format!("invalid XML: {error}")).at(line));
        })
        .ok()?;
    let nodes = document.descendants().filter(Node::is_element);
    let labels: Vec<_> = nodes.clone().filter(|node| node.has_tag_name("Labels")).collect();
    let targets: HashSet<&str> = labels.iter().filter_map(|node| node.attribute("toName")).collect();
    let texts = nodes.clone().filter(|node| node.has_tag_name("Text"));
    let mut named = texts.filter_map(|node| Some((node, node.attribute("name")?)));
    let Some((node, text_name)) = named.find(|(_, name)| targets.contains(name)) else {
        problems.push(no_labels(nodes));
        return None;
    };
    let text_field = field(&node, &lines, problems)?;
    let controls: Vec<_> = labels.iter().filter(|node| node.attribute("toName") == Some(text_name)).collect();
    let mut entries = Entries::default();
    let mut end = 0;
    for control in &controls {
        if control.has_attribute("value") {
            let message = "labels from the data of tasks are unknown before the tasks are read";
            problems.push(Problem::warning(message).at(line(control, &lines)));
        }
        // The labels of a control inside another one were taken with those of the outer one.
        if control.range().start < end {
            continue;
        }
        end = control.range().end;
        for label in control.descendants().filter(|node| node.has_tag_name("Label")) {
            entries.take(&label, line(&label, &lines), problems);
        }
    }
    let all = read_controls(nodes.clone());
    for other in other_controls(nodes, text_name) {
        problems.push(Problem::note(format!("{other} is ignored: only <Labels> on this text are read")));
    }
    Some(LabelConfig {
        labels: entries.into_labels(problems),
        controls: all,
        text_name: text_name.to_owned(),
        text_field,
    })
}

/// All controls with their labels, in the order of the file. A control has a name, and names objects.
fn read_controls<'a>(nodes: impl Iterator<Item = Node<'a, 'a>>) -> Vec<Control> {
    /// Elements between a label and its control.
    const DEEPEST: usize = 20;
    let (mut controls, mut places): (Vec<Control>, HashMap<NodeId, usize>) = Default::default();
    for node in nodes {
        if node.has_tag_name("Label") || node.has_tag_name("Choice") {
            let place = node.ancestors().take(DEEPEST).find_map(|outer| places.get(&outer.id()));
            let control = place.and_then(|at| controls.get_mut(*at)).filter(|list| list.labels.len() < MOST_LABELS);
            if let (Some(control), Some(name)) = (control, label_name(&node)) {
                control.labels.push(name.to_owned());
            }
            continue;
        }
        let kind = node.tag_name().name();
        let Some((name, objects)) = node.attribute("name").zip(node.attribute("toName")) else { continue };
        if kind != "Filter" {
            places.insert(node.id(), controls.len());
            let objects = objects.split(',').map(|name| name.trim().to_owned()).collect();
            controls.push(Control { name: name.to_owned(), kind: kind.to_owned(), objects, labels: Vec::new() });
        }
    }
    controls
}

/// Name of a label in results: its alias, or else its value.
fn label_name<'a>(node: &Node<'a, '_>) -> Option<&'a str> {
    let alias = node.attribute("alias").filter(|alias| !alias.is_empty());
    alias.or(node.attribute("value")).filter(|name| !name.is_empty())
}

/// Field of the data that a `<Text>` shows.
fn field(node: &Node<'_, '_>, lines: &LineIndex, problems: &mut Problems) -> Option<String> {
    let field =
        node.attribute("value").and_then(|value| value.trim().strip_prefix('$')).filter(|name| !name.is_empty());
    if field.is_none() {
        let message = "<Text> shows no field of the data: its value does not have the form $name";
        problems.push(Problem::error(message).at(line(node, lines)));
    }
    if node.attribute("valueType") == Some("url") {
        let message = "the field contains an address instead of the text (valueType=\"url\")";
        problems.push(Problem::warning(message).at(line(node, lines)));
    }
    field.map(str::to_owned)
}

fn line(node: &Node<'_, '_>, lines: &LineIndex) -> usize {
    lines.line(node.range().start)
}

fn no_labels<'a>(nodes: impl Iterator<Item = Node<'a, 'a>>) -> Problem {
    let mut controls: Vec<&str> =
        nodes.filter(|node| node.has_attribute("toName")).map(|n| n.tag_name().name()).collect();
    controls.sort_unstable();
    controls.dedup();
    let found = if controls.is_empty() { "no controls".to_owned() } else { controls.join(", ") };
    Problem::error("the configuration labels no spans of plain text: no <Labels> points to a <Text>")
        .hint(format!("it has {}", quoted(&found)))
}

/// Controls that do not label spans of this text, each as element and name.
fn other_controls<'a>(nodes: impl Iterator<Item = Node<'a, 'a>>, text_name: &str) -> Vec<String> {
    let mut names: Vec<String> = nodes
        .filter(|node| is_other_control(node, text_name))
        .map(|node| match node.attribute("name") {
            Some(name) => format!("{} {}", node.tag_name().name(), quoted(name)),
            None => node.tag_name().name().to_owned(),
        })
        .collect();
    names.dedup();
    names
}

fn is_other_control(node: &Node<'_, '_>, text_name: &str) -> bool {
    if node.has_tag_name("Labels") {
        return node.has_attribute("toName") && node.attribute("toName") != Some(text_name);
    }
    let is_control = node.has_attribute("toName") || node.has_tag_name("Relations");
    is_control && !LAYOUT.contains(&node.tag_name().name())
}

/// Labels of the file: name, key, guidelines.
#[derive(Default)]
struct Entries {
    list: Vec<(String, Option<char>, Option<String>)>,
    names: HashSet<String>,
    left_out: usize,
}

impl Entries {
    fn take(&mut self, node: &Node<'_, '_>, line: usize, problems: &mut Problems) {
        if self.list.len() >= MOST_LABELS {
            self.left_out += 1;
            return;
        }
        let value = node.attribute("value").unwrap_or_default();
        // Results contain the alias in place of the value, and results are what is exchanged.
        let Some(name) = label_name(node) else {
            problems.push(Problem::warning("a <Label> without value is left out").at(line));
            return;
        };
        if name != value {
            problems
                .push(Problem::note(format!("{} is read under its alias {}", quoted(value), quoted(name))).at(line));
        }
        if !self.names.insert(name.to_owned()) {
            problems.push(Problem::note(format!("the label {} occurs twice; read once", quoted(name))).at(line));
            return;
        }
        let hotkey = node.attribute("hotkey").filter(|hotkey| !hotkey.is_empty());
        let mut characters = hotkey.unwrap_or_default().chars();
        let key =
            characters.next().filter(|key| characters.next().is_none() && !key.is_control() && !key.is_whitespace());
        let key = key.filter(|key| self.list.iter().all(|(_, other, _)| other != &Some(*key)));
        if let (Some(hotkey), None) = (hotkey, key) {
            let message = format!("the key {} of {} is in use or not a single character", quoted(hotkey), quoted(name));
            problems.push(Problem::warning(message).at(line).hint("the label gets the next free digit"));
        }
        let guide = node.attribute("hint").filter(|hint| !hint.is_empty()).map(str::to_owned);
        self.list.push((name.to_owned(), key, guide));
    }

    /// Returns the label set.
    /// Labels with a key keep it; the others get the free digits in order.
    fn into_labels(self, problems: &mut Problems) -> LabelSet {
        if self.left_out > 0 {
            problems
                .push(Problem::error(format!("{} left out, beyond the maximum", with_noun(self.left_out, "label"))));
        }
        let plain = LabelSet::from_names(self.list.iter().map(|(name, ..)| name));
        let taken: Vec<char> = self.list.iter().filter_map(|(_, key, _)| *key).collect();
        let mut free = ('1'..='9').filter(|digit| !taken.contains(digit));
        let mut labels = LabelSet::default();
        for (label, (_, key, guide)) in plain.iter().zip(self.list) {
            labels.push(Label { key: key.or_else(|| free.next()), guide, ..label.clone() });
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{formats::Severity, text::growth::assert_linear};

    fn keys(labels: &LabelSet) -> Vec<(&str, Option<char>)> {
        labels.iter().map(|label| (label.name.as_str(), label.key)).collect()
    }

    #[test]
    fn keys_names_and_field_are_read_from_nested_views() {
        let xml = r##"<View><!-- ours --><View style="x"><Header value="$title"/>
            <Labels name="ner" toName="body"><Label value="Dish" background="#842"/>
            <Label value="Price" alias="EUR" hotkey="1" hint="with its currency"/>
            <View><Label value="Bad" hotkey="ctrl+x"/></View></Labels></View>
            <Choices name="topic" toName="body"><Choice value="a"/></Choices>
            <Text name="body" value="$review"/></View>"##;
        let (config, problems) = read(xml.as_bytes());
        let config = config.unwrap();
        assert_eq!(keys(&config.labels), [("Dish", Some('2')), ("EUR", Some('1')), ("Bad", Some('3'))]);
        assert_eq!(config.labels.find("EUR").unwrap().guide.as_deref(), Some("with its currency"));
        assert_eq!((config.text_name.as_str(), config.text_field.as_str()), ("body", "review"));
        let controls: Vec<_> = config.controls.iter().map(|c| (c.name.as_str(), c.kind.as_str())).collect();
        assert_eq!(controls, [("ner", "Labels"), ("topic", "Choices")]);
        assert_eq!((config.control_of("EUR"), config.control_of("new")), (Some("ner"), Some("ner")));
        let said: Vec<_> = problems.iter().map(|p| (p.severity, p.line)).collect();
        assert_eq!(said, [(Severity::Note, Some(3)), (Severity::Warning, Some(4)), (Severity::Note, None)]);
    }

    #[test]
    fn a_label_has_the_control_that_names_it() {
        let xml = r#"<View><Labels name="who" toName="t"><Label value="Person"/></Labels>
            <Labels name="where" toName="t"><Label value="Town" alias="Place"/></Labels>
            <Labels name="other" toName="u"><Label value="Dish"/></Labels>
            <Text name="t" value="$t"/><Text name="u" value="$u"/></View>"#;
        let config = read(xml.as_bytes()).0.unwrap();
        let of = |label| config.control_of(label);
        assert_eq!(["Person", "Place", "Dish"].map(of), [Some("who"), Some("where"), Some("who")]);
        assert_eq!(config.control("other").unwrap().objects, ["u"]);
    }

    #[test]
    fn what_labels_no_text_is_refused_by_name() {
        let (config, problems) = read(br#"<View><Choices name="c" toName="t"/><Text name="t" value="$t"/></View>"#);
        assert!(config.is_none() && problems[0].hint.as_ref().unwrap().contains("Choices"));
        let (config, problems) = read(b"<View>\n<Labels name='l' toName='t'><Label value='a'></Labels>\n</View>");
        assert!(config.is_none());
        assert_eq!((problems[0].severity, problems[0].line), (Severity::Error, Some(2)));
        let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
        assert!(read(deep.as_bytes()).1[0].message.starts_with("the configuration labels no spans"));
        assert!(read(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>").0.is_none());
    }

    #[test]
    fn a_file_made_to_keep_the_parser_busy_is_refused_or_read_in_time() {
        let config = |inside: &str| {
            format!("<View>\n<Labels name='l' toName='t'>{inside}</Labels><Text name='t' value='$t'/></View>")
        };
        let attributes: String = (0..300_000).map(|n| format!(" a{n}=''")).collect();
        for (inside, what) in [
            (format!("<Label value='a'/>\n<Label{attributes}/>"), "an element has more than 200 attributes"),
            (format!("<Label{attributes}"), "an element has more than 200 attributes"),
            ((0..300_000).map(|n| format!("<a xmlns:a{n}='b'>")).collect(), "the file has more than 20 namespaces"),
        ] {
            let (config, problems) = read(config(&inside).as_bytes());
            assert!(config.is_none() && problems[0].message == what && problems[0].line.is_some(), "{problems:?}");
        }
        // What looks like attributes and is none.
        let equals = "=".repeat(500);
        let inside = format!("<!-- <a {equals} --><Label value='a' hint='{equals}'/><![CDATA[<a {equals}]]>");
        assert_eq!(read(config(&inside).as_bytes()).0.map(|config| config.labels.len()), Some(1));
        let parsed = |text: &String| read(text.as_bytes()).0;
        let labels = |n: usize| config(&"<Label value='a'/>\n".repeat(n));
        assert_linear(1_000, labels, parsed);
        let nested = |n: usize| config(&format!("{}{}", "<Labels toName='t'>".repeat(n), "</Labels>".repeat(n)));
        assert_linear(1_000, nested, parsed);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            text in "[<>/=\"'&;!\\-\\[\\]?a-cViewLabelsText \n$]{0,80}",
        ) {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
        }
    }
}
