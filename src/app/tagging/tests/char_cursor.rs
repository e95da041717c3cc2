//! The character grid: spans that begin or end inside a word.

#![cfg(test)]

use super::*;

#[test]
fn parts_of_words_are_labelled_with_a_warning() {
    keys("|tacos here", "c l l v l l 3", "ta[cos](Dish)| here");
    keys("|tacos here", "c 3 l 3", "[t](Dish)a[c](Dish)|os here");
    keys("cheap |tacos", "c h h v h h 6", "ch[eap](Price)| tacos");
    let mut state = start(&["|tacos here"]);
    press(&mut state, "c");
    assert!(message(&state).contains("half words fit no CoNLL file"), "{}", message(&state));
    press(&mut state, "v l l l l 3");
    assert_eq!(message(&state), "", "this is a whole word");
    press(&mut state, "l 3");
    assert!(message(&state).starts_with("Half a word: no CoNLL file holds it"), "{}", message(&state));
    press(&mut state, "m");
    assert!(message(&state).contains("this is half a word"), "{}", message(&state));
}

#[test]
fn edges_move_by_a_character_and_by_a_word_again() {
    keys("|[tacos](Dish) here", "c [ [", "|[tac](Dish)os here");
    keys("|[tacos](Dish) here", "c [ [ c ]", "|[tacos](Dish) here");
    keys("a |[tacos](Dish) here", "c } {", "a |[tacos](Dish) here");
    keys("a |[tacos](Dish) here", "c {", "a t|[acos](Dish) here");
    keys("|[t](Dish)acos", "c [ {", "|[t](Dish)acos");
    keys("|tacos", "c 3 ] ]", "[tac](Dish)|os");
}

#[test]
fn a_character_is_what_people_take_for_one() {
    // A letter with a combining mark, a family of three joined by joiners, a flag of two halves.
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    keys("|cafe\u{301}s", "c l l l 3", "caf[e\u{301}](Dish)|s");
    keys(&format!("|a{family}b"), "c l 3", &format!("a[{family}](Dish)|b"));
    keys("|\u{1f1ee}\u{1f1f9}\u{1f1eb}\u{1f1f7}", "c l h l 3", "\u{1f1ee}\u{1f1f9}|[\u{1f1eb}\u{1f1f7}](Dish)");
    keys("|\u{5bff}\u{53f8}", "c l 3", "\u{5bff}|[\u{53f8}](Dish)");
}

#[test]
fn what_moves_by_words_goes_to_the_start_of_one() {
    keys("|cheap fish tacos", "c l l w", "cheap |fish tacos");
    keys("cheap |fish tacos", "c l l left l end", "cheap fish |tacos");
    keys("cheap |fish tacos", "c l l esc", "cheap |fish tacos");
    keys("cheap |fish tacos", "c l v esc l", "cheap fi|sh tacos");
    keys("cheap |fish tacos", "c l l w b", "cheap |fish tacos");
    keys("[ch](Dish)e[ap](Price) [fish](Dish)", "g", "[ch](Dish)e[ap](Price) |[fish](Dish)");
    let mut state = start(&["|cheap fish", "beer"]);
    press(&mut state, "c l l n l");
    assert_eq!(shown(&state), "b|eer", "still by characters in the next document");
}

proptest! {
    #[test]
    fn whatever_is_pressed_by_characters_spans_stay_on_borders_of_characters(
        pressed in prop::collection::vec(0usize..16, 1..60)
    ) {
        let text = "|cafe\u{301}s \u{1f1ee}\u{1f1f9} na\u{ef}ve, \u{5bff}\u{53f8}  a";
        let mut state = start(&[text]);
        press(&mut state, "c");
        let names = "h l v 1 2 ] [ } { x u ctrl-r w b N c".split(' ').collect::<Vec<_>>();
        for key in pressed {
            press(&mut state, names[key]);
            let project = state.session.project.as_ref().unwrap();
            let document = &project.documents[0];
            for span in project.annotation(0).spans() {
                let [first, last] = [span.range.start, span.range.end - 1].map(|at| crate::text::clusters::cluster_at(&document.text, at));
                prop_assert_eq!(first.unwrap().start, span.range.start);
                prop_assert_eq!(last.unwrap().end, span.range.end);
            }
            let tagging = &state.session.tagging;
            prop_assert!(tagging.cursor(project).is_some() || tagging.at_end);
        }
        while state.session.project.as_ref().unwrap().journal.undo_target().is_some() {
            press(&mut state, "u");
        }
        let (after, before) = (state.session.project.as_ref().unwrap().annotation(0), Annotation::untouched());
        prop_assert_eq!(after, &before);
    }
}
