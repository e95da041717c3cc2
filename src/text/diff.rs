//! Differences of two texts, word by word, and the way of positions through them.

use super::CharRange;

/// Product of two lengths above which what changed is one difference.
/// In words.
/// Comparing them takes time and memory in proportion.
const MOST_COMPARED: usize = 1 << 22;

/// Letters above which a piece that is not the same counts as replaced.
/// Comparing two pieces takes time in proportion to the square.
const LONGEST_RESPELT: usize = 100;

/// A piece of the new text in the place of a piece of the old one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Code points of the new piece.
    pub new: CharRange,
    /// Number of code points of the old piece.
    pub old_length: usize,
    /// Whether words were replaced, added or taken out; not if they were only spelt or spaced otherwise.
    pub is_replaced: bool,
}

/// Finds the differences of two texts in order, as few words as possible.
///
/// A word is a run of letters and digits; every other character is on its own.
pub fn differences(old: &str, new: &str) -> Vec<Difference> {
    let old = tokens(old);
    let new = tokens(new);
    let same_start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let longest_end = old.len().min(new.len()) - same_start;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(longest_end).take_while(|(a, b)| a == b).count();
    let old_middle = old.get(same_start..old.len() - same_end).unwrap_or_default();
    let new_middle = new.get(same_start..new.len() - same_end).unwrap_or_default();
    let mut found = Differences { place: length(old.get(..same_start).unwrap_or_default()), found: Vec::new() };
    if old_middle.len().saturating_mul(new_middle.len()) > MOST_COMPARED {
        found.add(length(old_middle), length(new_middle));
    } else {
        compare(old_middle, new_middle, &mut found);
    }
    let mut found = found.found;
    let mut old_chars = old.iter().flat_map(|token| token.chars());
    let mut new_chars = new.iter().flat_map(|token| token.chars());
    let mut place = 0;
    for difference in &mut found {
        let same = difference.new.start - place;
        place = difference.new.end;
        let new_length = place - difference.new.start;
        old_chars.by_ref().take(same).for_each(drop);
        new_chars.by_ref().take(same).for_each(drop);
        let old_piece: Vec<char> = old_chars.by_ref().take(difference.old_length).collect();
        let new_piece: Vec<char> = new_chars.by_ref().take(new_length).collect();
        difference.is_replaced = !is_respelt(&old_piece, &new_piece);
    }
    found
}

/// Whether two pieces are the same words, spelt or spaced otherwise.
///
/// Their letters and digits are compared. At most one in four may differ, at least one may, and one must be the same.
/// Two neighbours that changed places count as one.
fn is_respelt(old: &[char], new: &[char]) -> bool {
    let [old, new] = [old, new].map(letters);
    if old == new {
        return true;
    }
    let [shorter, longer] = [old.len().min(new.len()), old.len().max(new.len())];
    let most = (longer / 4).max(1);
    if longer > LONGEST_RESPELT || longer - shorter > most {
        return false;
    }
    let distance = strsim::generic_damerau_levenshtein(&old, &new);
    distance <= most && distance < shorter
}

/// Letters and digits of a piece, in lower case.
fn letters(piece: &[char]) -> Vec<char> {
    piece.iter().filter(|c| c.is_alphanumeric()).flat_map(|c| c.to_lowercase()).collect()
}

/// Differences that were found so far, and the place in the new text after them.
struct Differences {
    place: usize,
    found: Vec<Difference>,
}

impl Differences {
    fn add(&mut self, old_length: usize, new_length: usize) {
        if old_length == 0 && new_length == 0 {
            return;
        }
        let end = self.place + new_length;
        match self.found.last_mut().filter(|last| last.new.end == self.place) {
            Some(last) => {
                last.new.end = end;
                last.old_length += old_length;
            }
            None => {
                let new = CharRange { start: self.place, end };
                self.found.push(Difference { new, old_length, is_replaced: false });
            }
        }
        self.place = end;
    }
}

/// Adds the differences of two lists of words.
/// They are what is not in a longest common part of both.
fn compare(old: &[&str], new: &[&str], found: &mut Differences) {
    // Length of the longest common part of the rests that begin at each pair of places.
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for (a, old_word) in old.iter().enumerate().rev() {
        for (b, new_word) in new.iter().enumerate().rev() {
            let longest = if old_word == new_word {
                common.get((a + 1) * width + b + 1).map_or(0, |rest| rest + 1)
            } else {
                common.get((a + 1) * width + b).max(common.get(a * width + b + 1)).copied().unwrap_or_default()
            };
            if let Some(cell) = common.get_mut(a * width + b) {
                *cell = longest;
            }
        }
    }
    let mut a = 0;
    let mut b = 0;
    loop {
        match (old.get(a), new.get(b)) {
            (Some(old_word), Some(new_word)) if old_word == new_word => {
                found.place += chars(new_word);
                a += 1;
                b += 1;
            }
            (Some(old_word), other)
                if other.is_none() || common.get((a + 1) * width + b) >= common.get(a * width + b + 1) =>
            {
                found.add(chars(old_word), 0);
                a += 1;
            }
            (_, Some(new_word)) => {
                found.add(0, chars(new_word));
                b += 1;
            }
            (_, None) => return,
        }
    }
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first.is_alphanumeric() {
            true => rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

fn length(tokens: &[&str]) -> usize {
    tokens.iter().map(|token| chars(token)).sum()
}

/// Place in the new text of a range of the old one.
///
/// `None` if an end is inside a piece in whose place there is another one, or if nothing of a range that was not empty is left.
pub fn moved(range: CharRange, differences: &[Difference]) -> Option<CharRange> {
    let start = moved_end(range.start, differences, false)?;
    let end = moved_end(range.end, differences, true)?;
    (start < end || start == end && range.start == range.end).then_some(CharRange { start, end })
}

/// Place in the new text of a range of the old one with the same words.
///
/// `None` as in [`moved`], and if words in the range were replaced, added or taken out.
pub fn kept(range: CharRange, differences: &[Difference]) -> Option<CharRange> {
    let mut new_before = 0;
    let mut old_before = 0;
    for Difference { new, old_length, is_replaced } in differences {
        let old_start = new.start.checked_sub(new_before)?.checked_add(old_before)?;
        let old_end = old_start.checked_add(*old_length)?;
        if *is_replaced && old_start < range.end && range.start < old_end {
            return None;
        }
        old_before = old_end;
        new_before = new.end;
    }
    moved(range, differences)
}

/// Place in the new text of a position in the old one.
/// At an insertion, it is before it for `is_end`, else after it.
fn moved_end(position: usize, differences: &[Difference], is_end: bool) -> Option<usize> {
    // End of the last difference before the position, in both texts.
    let mut old_before = 0;
    let mut new_before = 0;
    for Difference { new, old_length, .. } in differences {
        let old_start = old_before + new.start.checked_sub(new_before)?;
        let old_end = old_start.checked_add(*old_length)?;
        let is_before = position < old_start || position == old_start && (is_end || *old_length > 0);
        if is_before {
            break;
        }
        if position < old_end {
            // Of a piece that was only removed nothing is left to be inside of.
            return (new.start == new.end).then_some(new.start);
        }
        old_before = old_end;
        new_before = new.end;
    }
    new_before.checked_add(position.checked_sub(old_before)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(text: &str, range: CharRange) -> String {
        text.chars().skip(range.start).take(range.end - range.start).collect()
    }

    /// The new text with brackets around the piece that was in brackets in the old one.
    fn follow(old: &str, new: &str) -> Option<String> {
        let start = old.chars().position(|c| c == '[').unwrap();
        let end = old.chars().position(|c| c == ']').unwrap() - 1;
        let old = old.replace(['[', ']'], "");
        let range = kept(CharRange { start, end }, &differences(&old, new))?;
        let chars: Vec<char> = new.chars().collect();
        let part = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
        Some(format!("{}[{}]{}", part(0, range.start), part(range.start, range.end), part(range.end, chars.len())))
    }

    #[test]
    fn a_piece_goes_with_its_words() {
        for (old, new, found) in [
            ("the [fish tcaos] are good", "the fish tacos are good", Some("the [fish tacos] are good")),
            ("the [taco] is good", "the tacos are good", Some("the [tacos] are good")),
            ("a [fish] here", "a caf\u{e9} with fish here", Some("a caf\u{e9} with [fish] here")),
            ("[fish] and fish", "the fish and fish", Some("the [fish] and fish")),
            ("call [Ann Lee] now", "call now", None),
            ("call [Ann Lee] now", "call Ann now", None),
            ("so [good] food", "so very bad food", None),
            ("I ate [pad thai]", "I ate pad and then we went home", None),
            ("a [good fish tacos] here", "a good fish sandwich deluxe here", None),
            ("a [fish tacos] here", "a fish and tacos here", None),
            ("a [fish tacos] here", "a good fish tacos here", Some("a good [fish tacos] here")),
            ("a [fish tacos] here", "a fish tacos right here", Some("a [fish tacos] right here")),
            ("a [fish taocs] here", "a fish tacos here", Some("a [fish tacos] here")),
            ("a [Fish  Tacos] here", "a fish-tacos here", Some("a [fish-tacos] here")),
            ("a [fish tacos] here", "a fishtacos here", Some("a [fishtacos] here")),
            ("a [quesedilla] here", "a quesadilla here", Some("a [quesadilla] here")),
            ("for [12] here", "for 15 here", Some("for [15] here")),
            ("a [7] here", "a 9 here", None),
            ("a [tacos] here", "a tapas here", None),
        ] {
            assert_eq!(follow(old, new).as_deref(), found, "{old} / {new}");
        }
    }

    #[test]
    fn an_end_inside_a_replaced_piece_has_no_place() {
        let replaced = [Difference { new: CharRange { start: 2, end: 3 }, old_length: 4, is_replaced: false }];
        for (range, found) in
            [([0, 2], Some([0, 2])), ([2, 6], Some([2, 3])), ([6, 8], Some([3, 5])), ([3, 8], None), ([0, 5], None)]
        {
            assert_eq!(moved(range.into(), &replaced), found.map(CharRange::from), "{range:?}");
        }
        let absurd = [9, 1].map(|start| Difference {
            new: CharRange { start, end: 1 },
            old_length: usize::MAX,
            is_replaced: true,
        });
        assert_eq!(moved(CharRange { start: 20, end: 21 }, &absurd), None, "from a file");
        assert_eq!(kept(CharRange { start: 20, end: 21 }, &absurd), None, "from a file");
    }

    #[test]
    fn long_texts_without_a_common_word_are_one_difference() {
        let [old, new] = ["a ", "b "].map(|word| word.repeat(3_000));
        assert_eq!(differences(&old, &new).len(), 1);
    }

    proptest! {
        #[test]
        fn the_old_text_is_the_new_one_with_the_old_pieces(old in "[ab ,é]{0,20}", new in "[ab ,é]{0,20}") {
            let found = differences(&old, &new);
            let mut built = String::new();
            let mut old_at = 0;
            let mut new_at = 0;
            for Difference { new: range, old_length, .. } in &found {
                let same = range.start - new_at;
                prop_assert_eq!(
                    piece(&old, CharRange { start: old_at, end: old_at + same }),
                    piece(&new, CharRange { start: new_at, end: range.start })
                );
                built.push_str(&piece(&new, CharRange { start: new_at, end: range.start }));
                built.push_str(&piece(&old, CharRange { start: old_at + same, end: old_at + same + old_length }));
                old_at += same + old_length;
                new_at = range.end;
            }
            built.extend(new.chars().skip(new_at));
            prop_assert_eq!(built, old.clone());
            // What is moved and not changed has the same words.
            for start in 0..old.chars().count() {
                let range = CharRange { start, end: start + 1 };
                if let Some(found) = moved(range, &found)
                    && found.end - found.start == 1
                    && !differences(&old, &new).iter().any(|one| one.new.start < found.end && found.start < one.new.end)
                {
                    prop_assert_eq!(piece(&old, range), piece(&new, found));
                }
            }
        }
    }
}
