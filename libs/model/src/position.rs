//! Consistency tokens: where each of one to four logs stood.

use std::fmt;
use std::str::FromStr;

use crate::hash::HashPrefix;
use crate::log::{LogId, Seq};
use crate::text::{echo, string_on_the_wire};

/// A decision stands on at most four logs and a commit spans at most four: so does a token.
pub const POSITIONS_MAX: usize = 4;

/// The longest number a seq may have in a token.
const SEQ_MAX_DIGITS: usize = 19;

/// One log at the end of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// The log.
    pub log: LogId,
    /// The last seq of a commit.
    pub seq: Seq,
    /// The chain's hash there, if known: another hash at that seq is another timeline.
    pub hash: Option<HashPrefix>,
}

/// One to four positions in different logs: `account@seq[.hash]`, separated by commas.
///
/// Every write returns one, and every read, decision and token call takes one. The order is kept: on answers the log of
/// the request's path comes first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConsistencyToken(Vec<Position>);

/// Text that is not a consistency token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// A part is not `log@seq` or `log@seq.hash`.
    #[error("`{text}` is not a position: `log@seq` or `log@seq.hash`")]
    Malformed {
        /// The part.
        text: String,
    },
    /// No position at all.
    #[error("a consistency token names at least one log")]
    Empty,
    /// More positions than a token may have.
    #[error("a consistency token names at most four logs")]
    TooMany,
    /// One log twice.
    #[error("log `{log}` is named twice")]
    Repeated {
        /// The log.
        log: LogId,
    },
    /// The installation's own log, which no answer stands on.
    #[error("a consistency token names accounts and organizations only")]
    Platform,
}

impl ConsistencyToken {
    /// A token of these positions.
    ///
    /// Errors: none, more than four, or a log named twice; the installation's log.
    pub fn new(positions: Vec<Position>) -> Result<Self, PositionError> {
        if positions.is_empty() {
            return Err(PositionError::Empty);
        }
        if positions.len() > POSITIONS_MAX {
            return Err(PositionError::TooMany);
        }
        let mut earlier: Vec<&LogId> = Vec::with_capacity(POSITIONS_MAX);
        for Position { log, .. } in &positions {
            if *log == LogId::Platform {
                return Err(PositionError::Platform);
            }
            if earlier.contains(&log) {
                return Err(PositionError::Repeated { log: log.clone() });
            }
            earlier.push(log);
        }
        Ok(Self(positions))
    }

    /// Where `log` stood, if the token names it.
    #[must_use]
    pub fn get(&self, log: &LogId) -> Option<&Position> {
        self.0.iter().find(|position| position.log == *log)
    }

    /// All positions, in the order given.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.0
    }
}

impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        position(text).ok_or_else(|| PositionError::Malformed { text: echo(text) })
    }
}

fn position(text: &str) -> Option<Position> {
    let (log, rest) = text.split_once('@')?;
    let (seq, hash) = match rest.split_once('.') {
        Some((seq, hash)) => (seq, Some(hash.parse().ok()?)),
        None => (rest, None),
    };
    let digits_only =
        !seq.is_empty() && seq.len() <= SEQ_MAX_DIGITS && seq.bytes().all(|b| b.is_ascii_digit());
    if !digits_only || (seq.starts_with('0') && seq != "0") {
        return None;
    }
    Some(Position {
        log: log.parse().ok()?,
        seq: Seq::new(seq.parse().ok()?),
        hash,
    })
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.log, self.seq)?;
        match &self.hash {
            Some(hash) => write!(f, ".{hash}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ConsistencyToken {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, PositionError> {
        // One part more than allowed is enough to know that there are too many.
        let positions = text
            .split(',')
            .take(POSITIONS_MAX + 1)
            .map(str::parse)
            .collect::<Result<Vec<Position>, _>>()?;
        Self::new(positions)
    }
}

impl fmt::Display for ConsistencyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for position in &self.0 {
            write!(f, "{separator}{position}")?;
            separator = ",";
        }
        Ok(())
    }
}

string_on_the_wire!(
    ConsistencyToken,
    pattern: r"^([0-9]{12}|o-[a-z0-9]{10})@(0|[1-9][0-9]{0,18})(\.[0-9a-f]{16})?(,([0-9]{12}|o-[a-z0-9]{10})@(0|[1-9][0-9]{0,18})(\.[0-9a-f]{16})?){0,3}$",
    example: "111122223333@48213.9f2c41d70ab35e18,o-4k7m2xq9ab@77.03bb6e10c52f94da",
    says: "a consistency token: where one to four logs stood"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_read_and_print_as_written() {
        for text in [
            "111122223333@0",
            "111122223333@48213.9f2c41d70ab35e18,o-4k7m2xq9ab@77.03bb6e10c52f94da",
            "111122223333@9999999999999999999",
            "111122223333@1,111122223334@1,o-4k7m2xq9ab@1,o-4k7m2xq9ac@1.03bb6e10c52f94da",
        ] {
            assert_eq!(text.parse::<ConsistencyToken>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn everything_off_the_grammar_is_refused() {
        for bad in [
            "",
            ",",
            "111122223333",
            "111122223333@",
            "111122223333@01",
            "111122223333@-1",
            "111122223333@+1",
            "111122223333@1 ",
            " 111122223333@1",
            "111122223333@1, 111122223334@1",
            "111122223333@1,",
            "111122223333@10000000000000000000",
            "111122223333@1.",
            "111122223333@1.9F2C41D70AB35E18",
            "111122223333@1.9f2c41d70ab35e1",
            "111122223333@1,111122223333@2",
            "platform@1",
            "1@1,2@1,3@1,4@1,5@1",
            "111122223331@1,111122223332@1,111122223333@1,111122223334@1,111122223335@1",
        ] {
            assert!(bad.parse::<ConsistencyToken>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_position_is_found_by_its_log() {
        let token: ConsistencyToken = "111122223333@5,o-4k7m2xq9ab@7".parse().unwrap();
        assert_eq!(
            token.get(&"o-4k7m2xq9ab".parse().unwrap()).unwrap().seq,
            Seq::new(7)
        );
        assert!(token.get(&"999922223333".parse().unwrap()).is_none());
    }
}
