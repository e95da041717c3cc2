//! How few keys are enough: plans that were found through the program's own `update`. A change of keys that makes tagging
//! longer shows here; `cargo bench --bench planner` measures it on a real corpus.

use super::support::{Task, plan};
use tagliatelle::{
    spans::{Document, Entity, Gazetteer, LabelSet, notation::Marked},
    text::Grid,
};

/// The keys for a text in notation; `suggested` is in notation, too.
fn keys(gold: &str, suggested: Option<&str>) -> String {
    let labels = LabelSet::restaurant();
    let marked = Marked::parse(gold).unwrap();
    let document = Document::new("d", marked.text.clone(), Grid::Natural);
    let label = |name: &str| labels.find(name).map(|label| label.id).unwrap();
    let gold: Vec<_> = marked.spans.iter().map(|(range, name)| (*range, label(name))).collect();
    let found = suggested.map(|suggested| {
        let spans = Marked::parse(suggested).unwrap().spans.into_iter();
        spans.map(|(range, label)| Entity { range, label, score: 0.9 }).collect()
    });
    let gazetteer = Gazetteer::default();
    let task = Task { document: &document, labels: &labels, gold: &gold, found, gazetteer: &gazetteer };
    plan(&task).unwrap().join(" ")
}

#[test]
fn without_suggestions_a_span_of_one_word_is_a_digit() {
    assert_eq!(keys("is there a good [italian](Cuisine) place", None), "w 2 enter");
    assert_eq!(keys("any [tacos](Dish) [downtown](Location)", None), "3 5 enter");
}

#[test]
fn a_long_span_is_a_digit_and_one_key_that_extends_it() {
    assert_eq!(keys("take me to [blue fish grill bar](Restaurant_Name) please", None), "w 8 e enter");
}

#[test]
fn nothing_to_tag_is_one_key() {
    assert_eq!(keys("hello there", None).split(' ').count(), 1);
}

#[test]
fn right_suggestions_are_one_key() {
    let gold = "[cheap](Price) [fish tacos](Dish) near [el camino](Location)";
    assert_eq!(keys(gold, Some(gold)), "space");
}

#[test]
fn a_wrong_suggestion_costs_what_is_wrong_with_it() {
    let gold = "[cheap](Price) [fish tacos](Dish) near [el camino](Location)";
    let label = "[cheap](Price) [fish tacos](Dish) near [el camino](Restaurant_Name)";
    assert_eq!(keys(gold, Some(label)).split(' ').count(), 3, "a move to the end, the digit, space");
    let edge = "[cheap](Price) [fish](Dish) tacos near [el camino](Location)";
    assert_eq!(keys(gold, Some(edge)).split(' ').count(), 3, "a move, the edge, space");
    let more = "[cheap](Price) [fish tacos](Dish) [near](Amenity) [el camino](Location)";
    assert_eq!(keys(gold, Some(more)).split(' ').count(), 4, "two moves, x, space");
}
