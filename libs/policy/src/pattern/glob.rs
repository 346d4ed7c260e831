//! The matcher: what stands before the first star is fixed at the beginning of the text, what stands after the last one
//! at its end, and each piece between two stars is looked for in what is left.
//!
//! A piece covers the same number of characters wherever it fits, so that its first place leaves the most for the pieces
//! after it, and nothing ever has to be tried twice. A piece of one text is found in linear time; one with `?` inside is
//! tried place by place only as long as that is cheap ([`bits`]). In all, time is at most |text| x |pattern| / 64.

mod bits;

use super::Token;

/// Bytes that are compared in about the time of one step.
const BYTES_PER_STEP: usize = 8;

/// Whether the whole of `text` fits. `values` are the texts of the variables, in order.
pub(super) fn matches(tokens: &[Token], values: &[&str], text: &str) -> bool {
    fit(tokens, values, text).is_some()
}

fn fit(tokens: &[Token], values: &[&str], text: &str) -> Option<()> {
    let mut pieces = tokens.split(|token| *token == Token::Star);
    let mut values = values;
    let head = Piece::next(pieces.next()?, &mut values)?;
    let mut text = head.strip_prefix(text)?;
    let Some(tail) = pieces.next_back() else {
        return text.is_empty().then_some(());
    };
    let n_before = values.len().checked_sub(variables(tail))?;
    let (mut between, values) = values.split_at_checked(n_before)?;
    let tail = Piece {
        tokens: tail,
        values,
    };
    text = tail.strip_suffix(text)?;
    for piece in pieces {
        text = Piece::next(piece, &mut between)?.after_first(text)?;
    }
    Some(())
}

fn variables(tokens: &[Token]) -> usize {
    let is_variable = |token: &&Token| matches!(token, Token::Var(_));
    tokens.iter().filter(is_variable).count()
}

/// Tokens without a star, and the texts of their variables.
#[derive(Clone, Copy)]
struct Piece<'a> {
    tokens: &'a [Token],
    values: &'a [&'a str],
}

/// What one token stands for.
#[derive(Clone, Copy)]
enum Part<'a> {
    Text(&'a str),
    One,
}

impl<'a> Piece<'a> {
    /// Takes the values of its variables off `values`. `None`: there are not so many.
    fn next(tokens: &'a [Token], values: &mut &'a [&'a str]) -> Option<Self> {
        let (own, rest) = values.split_at_checked(variables(tokens))?;
        *values = rest;
        Some(Self {
            tokens,
            values: own,
        })
    }

    fn parts(self) -> impl Iterator<Item = Part<'a>> {
        let mut values = self.values.iter();
        self.tokens.iter().filter_map(move |token| match token {
            Token::Lit(text) => Some(Part::Text(text)),
            Token::Any => Some(Part::One),
            Token::Var(_) => values.next().map(|value| Part::Text(value)),
            Token::Star => None,
        })
    }

    /// The text after the piece, if the text begins with it.
    fn strip_prefix(self, text: &'a str) -> Option<&'a str> {
        self.parts().try_fold(text, |text, part| match part {
            Part::Text(wanted) => text.strip_prefix(wanted),
            Part::One => {
                let mut chars = text.chars();
                chars.next().map(|_| chars.as_str())
            }
        })
    }

    /// The text before the piece, if the text ends with it.
    fn strip_suffix(self, text: &'a str) -> Option<&'a str> {
        let mut values = self.values.iter().rev();
        self.tokens
            .iter()
            .rev()
            .try_fold(text, |text, token| match token {
                Token::Lit(wanted) => text.strip_suffix(&**wanted),
                Token::Var(_) => text.strip_suffix(*values.next()?),
                Token::Any => {
                    let mut chars = text.chars();
                    chars.next_back().map(|_| chars.as_str())
                }
                Token::Star => None,
            })
    }

    /// The text after the first place where the piece fits.
    fn after_first(mut self, mut text: &'a str) -> Option<&'a str> {
        // After a star, a `?` says only that there is one character more.
        while let [Token::Any, rest @ ..] = self.tokens {
            let mut chars = text.chars();
            chars.next()?;
            text = chars.as_str();
            self.tokens = rest;
        }
        let mut parts = self.parts();
        let Some(first) = parts.next() else {
            return Some(text);
        };
        let Part::Text(first) = first else {
            return None;
        };
        if parts.next().is_none() {
            let at = text.find(first)?;
            return text.get(at + first.len()..);
        }
        if self.bytes_min() > text.len() {
            return None;
        }
        let steps_once = self.tokens.len() + self.bytes_min() / BYTES_PER_STEP;
        // Place by place, for as many steps as the text has bytes.
        let mut steps = text.len();
        loop {
            text = text.get(text.find(first)?..)?;
            if let Some(after) = self.strip_prefix(text) {
                return Some(after);
            }
            let Some(left) = steps.checked_sub(steps_once) else {
                return bits::after_first(self.parts(), text);
            };
            steps = left;
            let mut chars = text.chars();
            chars.next()?;
            text = chars.as_str();
        }
    }

    /// Bytes of the shortest text it fits.
    fn bytes_min(self) -> usize {
        self.parts().fold(0, |sum: usize, part| {
            sum.saturating_add(match part {
                Part::Text(text) => text.len(),
                Part::One => 1,
            })
        })
    }
}
