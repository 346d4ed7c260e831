//! Where a piece fits first, all places at once: one bit for each place of the piece, moved on by every character of the
//! text (Shift-And, Baeza-Yates and Gonnet 1992). Slower than trying place by place on usual text, and never slow.

use std::collections::BTreeMap;

use super::Part;

const WORD_BITS: usize = 64;

/// Which places of the piece take a character, besides those that take any.
enum Places {
    /// A bit for each place.
    Many(Vec<u64>),
    /// Few places: the word and the bit of each.
    Few(Vec<(usize, u64)>),
}

/// The text after the first place where the parts fit.
pub(super) fn after_first<'a, 't>(
    parts: impl Iterator<Item = Part<'a>>,
    text: &'t str,
) -> Option<&'t str> {
    let piece: Vec<Option<char>> = parts
        .flat_map(|part| match part {
            Part::Text(text) => text.chars().map(Some).collect(),
            Part::One => vec![None],
        })
        .collect();
    let last = bit(piece.len().checked_sub(1)?);
    let (any, places) = places(&piece);
    // A set bit: the text read so far ends with the piece up to that place.
    let mut state = vec![0_u64; any.len()];
    let mut next = state.clone();
    for (at, c) in text.char_indices() {
        advance(&mut state);
        match places.get(&c) {
            None => keep(&mut state, &any),
            Some(Places::Many(taken)) => keep(&mut state, taken),
            Some(Places::Few(taken)) => {
                next.clone_from(&state);
                keep(&mut next, &any);
                for (word, bit) in taken {
                    if let (Some(next), Some(state)) = (next.get_mut(*word), state.get(*word)) {
                        *next |= state & bit;
                    }
                }
                std::mem::swap(&mut state, &mut next);
            }
        }
        if state.get(last.0).is_some_and(|word| word & last.1 != 0) {
            return text.get(at + c.len_utf8()..);
        }
    }
    None
}

/// The places that take any character, and those of each character the piece names.
fn places(piece: &[Option<char>]) -> (Vec<u64>, BTreeMap<char, Places>) {
    let n_words = piece.len().div_ceil(WORD_BITS);
    let mut any = vec![0_u64; n_words];
    let mut named: BTreeMap<char, Vec<(usize, u64)>> = BTreeMap::new();
    for (place, taken) in piece.iter().enumerate() {
        match taken {
            None => set(&mut any, bit(place)),
            Some(c) => named.entry(*c).or_default().push(bit(place)),
        }
    }
    // Only as many characters as a word has bits can have more places than there are words.
    let places = named.into_iter().map(|(c, few)| {
        if few.len() <= n_words {
            return (c, Places::Few(few));
        }
        let mut many = any.clone();
        for place in few {
            set(&mut many, place);
        }
        (c, Places::Many(many))
    });
    let places = places.collect();
    (any, places)
}

fn bit(place: usize) -> (usize, u64) {
    (place / WORD_BITS, 1 << (place % WORD_BITS))
}

fn set(words: &mut [u64], (word, bit): (usize, u64)) {
    if let Some(word) = words.get_mut(word) {
        *word |= bit;
    }
}

/// Every place moves on by one, and a new try begins.
fn advance(state: &mut [u64]) {
    let mut carry = 1;
    for word in state {
        let out = *word >> (WORD_BITS - 1);
        *word = (*word << 1) | carry;
        carry = out;
    }
}

fn keep(state: &mut [u64], taken: &[u64]) {
    for (word, taken) in state.iter_mut().zip(taken) {
        *word &= taken;
    }
}

#[cfg(test)]
mod tests;
