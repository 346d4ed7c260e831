//! Cases out of a stream, one at a time: the lines of a text, the elements of an array, or a document that is one case.
//!
//! Only as much is held as the case in hand is long, and of a case that is too long, nothing.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::INPUT_BYTES_MAX;

/// How much is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A stream of cases.
pub struct Input {
    reader: BufReader<Box<dyn Read>>,
    shape: Shape,
    /// Lines begun, or elements.
    number: u64,
    piece: Vec<u8>,
}

/// How the cases lie in the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Lines,
    /// The elements of an array whose bracket was read.
    Elements,
    /// One case is all.
    Whole,
    Done,
}

/// The text of a case.
pub struct Piece<'a> {
    /// The line it is on, or its place in the array.
    pub number: u64,
    pub text: Text<'a>,
    /// It is all there was.
    pub is_whole: bool,
}

pub enum Text<'a> {
    Read(&'a [u8]),
    TooLarge,
}

/// What a file's name says of its form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A case a line.
    Lines,
    /// One case, or an array of them.
    Document,
    /// Any of these: the beginning of the text tells.
    Unknown,
}

impl Format {
    pub fn of(file: &str) -> Self {
        match file.rsplit_once('.') {
            Some((_, "jsonl")) => Self::Lines,
            Some((_, "json")) => Self::Document,
            Some(_) | None => Self::Unknown,
        }
    }
}

impl Input {
    /// Begins to read.
    pub fn new(source: Box<dyn Read>, format: Format) -> io::Result<Self> {
        let mut input = Self {
            reader: BufReader::with_capacity(CHUNK_BYTES, source),
            shape: Shape::Lines,
            number: 0,
            piece: Vec::new(),
        };
        if format != Format::Lines {
            input.look(format)?;
        }
        Ok(input)
    }

    /// Finds out how the cases lie.
    fn look(&mut self, format: Format) -> io::Result<()> {
        let mut head = Vec::new();
        let first = self.skip_white_space(&mut head)?;
        if first == Some(b'[') {
            self.reader.consume(1);
            self.shape = Shape::Elements;
            return Ok(());
        }
        if format == Format::Document {
            self.shape = Shape::Whole;
            return self.put_back(head);
        }
        // A line that closes what it opens is a case; otherwise the case goes on, and is the only one.
        let most = u64::try_from(INPUT_BYTES_MAX).unwrap_or(u64::MAX);
        let mut limited = (&mut self.reader).take(most);
        limited.read_until(b'\n', &mut head)?;
        let mut nesting = Nesting::default();
        head.iter().for_each(|byte| nesting.take(*byte));
        self.shape = if nesting.is_open() {
            Shape::Whole
        } else {
            Shape::Lines
        };
        self.put_back(head)
    }

    fn put_back(&mut self, head: Vec<u8>) -> io::Result<()> {
        let rest = std::mem::replace(&mut self.reader, BufReader::new(Box::new(io::empty())));
        self.reader =
            BufReader::with_capacity(CHUNK_BYTES, Box::new(Cursor::new(head).chain(rest)));
        Ok(())
    }

    /// The next byte that is no white space, not consumed; what was skipped goes to `skipped`, up to the bound.
    fn skip_white_space(&mut self, skipped: &mut Vec<u8>) -> io::Result<Option<u8>> {
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blank = chunk.iter().take_while(|b| is_white_space(**b)).count();
            let next = chunk.get(blank).copied();
            if skipped.len() < INPUT_BYTES_MAX {
                skipped.extend(chunk.get(..blank).unwrap_or_default());
            }
            self.reader.consume(blank);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Whether the next case has to be waited for.
    pub fn is_about_to_wait(&self) -> bool {
        self.reader
            .buffer()
            .iter()
            .all(|byte| is_white_space(*byte))
    }

    /// The next case.
    ///
    /// Errors: the stream cannot be read, or its array does not end as arrays do.
    pub fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        let (there, whole) = match self.shape {
            Shape::Lines => (self.line()?, false),
            Shape::Elements => (self.element()?, false),
            Shape::Whole => {
                self.shape = Shape::Done;
                self.number = 1;
                (Some(self.rest()?), true)
            }
            Shape::Done => (None, false),
        };
        let number = self.number;
        Ok(there.map(|fits| Piece {
            number,
            text: if fits {
                Text::Read(&self.piece)
            } else {
                Text::TooLarge
            },
            is_whole: whole,
        }))
    }

    /// Reads a line that is not blank. Whether it fits; `None` at the end.
    fn line(&mut self) -> io::Result<Option<bool>> {
        loop {
            self.number += 1;
            let (fits, end) = self.until(|byte| byte == b'\n')?;
            if fits && self.piece.iter().all(|byte| is_white_space(*byte)) {
                if end.is_none() {
                    return Ok(None);
                }
                continue;
            }
            return Ok(Some(fits));
        }
    }

    /// Reads an element and what ends it.
    fn element(&mut self) -> io::Result<Option<bool>> {
        if self.number == 0 && self.skip_white_space(&mut Vec::new())? == Some(b']') {
            self.reader.consume(1);
            return self.end().map(|()| None);
        }
        self.number += 1;
        let mut nesting = Nesting::default();
        let (fits, end) = self.until(|byte| {
            let ends = !nesting.is_open() && matches!(byte, b',' | b']');
            if !ends {
                nesting.take(byte);
            }
            ends
        })?;
        match end {
            Some(b']') => self.end()?,
            Some(_) => {}
            None => return Err(invalid("the array is not closed")),
        }
        Ok(Some(fits))
    }

    /// After the array comes nothing.
    fn end(&mut self) -> io::Result<()> {
        self.shape = Shape::Done;
        match self.skip_white_space(&mut Vec::new())? {
            None => Ok(()),
            Some(_) => Err(invalid("there is text after the array")),
        }
    }

    fn rest(&mut self) -> io::Result<bool> {
        self.until(|_| false).map(|(fits, _)| fits)
    }

    /// Reads up to a byte that ends it, which is consumed and given. Whether what is before it fits.
    fn until(&mut self, mut ends: impl FnMut(u8) -> bool) -> io::Result<(bool, Option<u8>)> {
        self.piece.clear();
        let mut fits = true;
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok((fits, None));
            }
            let length = chunk.iter().position(|byte| ends(*byte));
            let taken = chunk
                .get(..length.unwrap_or(chunk.len()))
                .unwrap_or_default();
            let end = length.and_then(|at| chunk.get(at)).copied();
            if self.piece.len() + taken.len() > INPUT_BYTES_MAX {
                fits = false;
                self.piece.clear();
            }
            if fits {
                self.piece.extend_from_slice(taken);
            }
            let used = taken.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Ok((fits, end));
            }
        }
    }
}

/// How deep a place in a JSON text is, by brackets and quotes alone.
#[derive(Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    fn take(&mut self, byte: u8) {
        match (self.in_string, byte) {
            (true, _) if self.escaped => self.escaped = false,
            (true, b'\\') => self.escaped = true,
            (_, b'"') => self.in_string = !self.in_string,
            (false, b'{' | b'[') => self.depth += 1,
            (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (_, _) => {}
        }
    }

    fn is_open(&self) -> bool {
        self.depth > 0 || self.in_string
    }
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every case as text, with its number.
    fn read(text: &str, format: Format) -> io::Result<Vec<(u64, String)>> {
        let source = Box::new(Cursor::new(text.to_owned().into_bytes()));
        let mut input = Input::new(source, format)?;
        let mut found = Vec::new();
        while let Some(piece) = input.next()? {
            let text = match piece.text {
                Text::Read(text) => String::from_utf8_lossy(text).trim().to_owned(),
                Text::TooLarge => "too large".to_owned(),
            };
            found.push((piece.number, text));
        }
        Ok(found)
    }

    fn texts(text: &str, format: Format) -> Vec<String> {
        let found = read(text, format).expect("readable");
        found.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn lines_are_numbered_as_an_editor_does_and_blank_ones_are_passed_over() {
        let found = read("{\"a\":1}\r\n\n  \n{\"b\":2}", Format::Lines).expect("readable");
        assert_eq!(
            found,
            [(1, "{\"a\":1}".to_owned()), (4, "{\"b\":2}".to_owned())]
        );
        assert_eq!(texts("", Format::Lines), [""; 0]);
    }

    #[test]
    fn an_array_is_told_by_its_bracket_and_split_at_its_own_commas() {
        let array = "\n [ {\"a\":[1,2],\"s\":\"],\\\"}\"} ,\n 7,\"x\" ] \n";
        let found = read(array, Format::Unknown).expect("readable");
        assert_eq!(
            found,
            [
                (1, "{\"a\":[1,2],\"s\":\"],\\\"}\"}".to_owned()),
                (2, "7".to_owned()),
                (3, "\"x\"".to_owned())
            ]
        );
        assert_eq!(texts(" [ ] ", Format::Unknown), [""; 0]);
        assert_eq!(
            texts("[1,]", Format::Unknown),
            ["1", ""],
            "the second is a case in error"
        );
    }

    #[test]
    fn a_case_over_several_lines_is_the_only_one() {
        assert_eq!(
            texts("{\n \"a\": 1\n}\n", Format::Unknown),
            ["{\n \"a\": 1\n}"]
        );
        assert_eq!(
            texts("{\"a\":1}\n{\"b\":2}\n", Format::Unknown),
            ["{\"a\":1}", "{\"b\":2}"]
        );
        assert_eq!(texts("{\"a\":1}", Format::Unknown), ["{\"a\":1}"]);
        let two = "{\"a\":1}\n{\"b\":2}";
        assert_eq!(texts(two, Format::Document), [two], "which is in error");
        assert_eq!(texts("[1,2]", Format::Document), ["1", "2"]);
    }

    #[test]
    fn an_array_that_does_not_end_is_no_input() {
        for text in ["[1", "[{]", "[1] x", "[", "[1,"] {
            assert!(read(text, Format::Unknown).is_err(), "{text}");
        }
    }

    #[test]
    fn a_case_beyond_the_bound_is_passed_over_and_the_next_is_read() {
        let long = "x".repeat(INPUT_BYTES_MAX + 1);
        assert_eq!(
            texts(&format!("{long}\n7\n"), Format::Lines),
            ["too large", "7"]
        );
        assert_eq!(
            texts(&format!("[\"{long}\",7]"), Format::Unknown),
            ["too large", "7"]
        );
    }
}
