//! The reader: one pass, recursive, bounded.

use std::collections::HashSet;

use super::error::{Error, ErrorCode};
use super::node::{Member, Node, Place, Value, escape_pointer, number};

/// How deep arrays and objects may be nested. A policy needs five; the bound keeps reading within a small stack.
pub const NESTING_MAX: usize = 32;

/// Up to this many members, comparing a name with all earlier ones is cheaper than hashing.
const MEMBERS_COMPARED: usize = 8;

/// Reads one JSON value (RFC 8259) that is the whole of `text`.
///
/// Errors: [`ErrorCode::Syntax`] for anything that is not JSON — also a byte order mark, text after the value, a lone
/// surrogate, a number too large for a 64-bit float; [`ErrorCode::DuplicateMember`]; [`ErrorCode::TooDeep`].
pub fn parse(text: &str) -> Result<Node, Error> {
    let mut reader = Reader {
        text,
        offset: 0,
        at: Place { line: 1, column: 1 },
        path: Vec::new(),
    };
    if text.starts_with('\u{FEFF}') {
        return Err(reader.syntax("the text begins with a byte order mark"));
    }
    reader.skip_white_space();
    let node = reader.value()?;
    reader.skip_white_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.syntax("there is text after the value")),
    }
}

/// [`parse`] of bytes, which must be UTF-8.
pub fn parse_bytes(bytes: &[u8]) -> Result<Node, Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(error) => {
            let valid = bytes
                .get(..error.valid_up_to())
                .map(String::from_utf8_lossy)
                .unwrap_or_default();
            let mut reader = Reader {
                text: &valid,
                offset: 0,
                at: Place { line: 1, column: 1 },
                path: Vec::new(),
            };
            while reader.bump().is_some() {}
            Err(reader.syntax("the text is not UTF-8"))
        }
    }
}

/// One step from the whole value to the one being read.
enum Step {
    Index(usize),
    Key(String),
}

struct Reader<'a> {
    text: &'a str,
    /// Bytes read; always at a character.
    offset: usize,
    at: Place,
    path: Vec<Step>,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Node, Error> {
        let at = self.at;
        let value = match self.peek() {
            Some('{') => self.nested(Self::object)?,
            Some('[') => self.nested(Self::array)?,
            Some('"') => Value::String(self.string()?),
            Some('-' | '0'..='9') => Value::Number(self.number()?),
            Some('t') => self.word("true", Value::Bool(true))?,
            Some('f') => self.word("false", Value::Bool(false))?,
            Some('n') => self.word("null", Value::Null)?,
            Some(']') => return Err(self.after_comma("a value")),
            Some(_) => return Err(self.unexpected("a value")),
            None => return Err(self.syntax("the text ends where a value should be")),
        };
        Ok(Node { value, at })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        // One step of the path for each array or object that is open.
        if self.path.len() >= NESTING_MAX {
            return Err(self.error(
                ErrorCode::TooDeep,
                format!("arrays and objects are nested more than {NESTING_MAX} deep"),
            ));
        }
        self.bump();
        self.skip_white_space();
        read(self)
    }

    fn array(&mut self) -> Result<Value, Error> {
        let mut items = Vec::new();
        if self.eat(']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.path.push(Step::Index(items.len()));
            items.push(self.value()?);
            self.path.pop();
            self.skip_white_space();
            if self.eat(']') {
                return Ok(Value::Array(items));
            }
            if !self.eat(',') {
                return Err(self.unexpected("`,` or `]`"));
            }
            self.skip_white_space();
        }
    }

    fn object(&mut self) -> Result<Value, Error> {
        let mut members = Vec::new();
        let mut names = HashSet::new();
        if self.eat('}') {
            return Ok(Value::Object(members));
        }
        loop {
            let member = self.member(&members, &mut names)?;
            members.push(member);
            self.skip_white_space();
            if self.eat('}') {
                return Ok(Value::Object(members));
            }
            if !self.eat(',') {
                return Err(self.unexpected("`,` or `}`"));
            }
            self.skip_white_space();
        }
    }

    fn member(&mut self, earlier: &[Member], names: &mut HashSet<String>) -> Result<Member, Error> {
        let key_at = self.at;
        if self.peek() != Some('"') {
            return Err(match self.peek() {
                Some('}') => self.after_comma("a member"),
                Some(_) | None => self.unexpected("a member's name in quotes"),
            });
        }
        let key = self.string()?;
        self.path.push(Step::Key(key.clone()));
        if is_repeated(&key, earlier, names) {
            self.at = key_at;
            return Err(self.error(
                ErrorCode::DuplicateMember,
                "the object already has a member of this name".to_owned(),
            ));
        }
        self.skip_white_space();
        if !self.eat(':') {
            return Err(self.unexpected("`:`"));
        }
        self.skip_white_space();
        let value = self.value()?;
        self.path.pop();
        Ok(Member { key, key_at, value })
    }

    fn string(&mut self) -> Result<String, Error> {
        self.bump();
        let mut out = String::new();
        loop {
            out.push_str(self.plain_run());
            match self.peek() {
                Some('"') => {
                    self.bump();
                    return Ok(out);
                }
                Some('\\') => out.push(self.escape()?),
                Some(_) => {
                    return Err(self.syntax("a control character in a string must be escaped"));
                }
                None => return Err(self.syntax("the text ends inside a string")),
            }
        }
    }

    /// The characters up to the next quote, backslash or control character.
    fn plain_run(&mut self) -> &str {
        let start = self.offset;
        while self
            .peek()
            .is_some_and(|c| c != '"' && c != '\\' && c >= ' ')
        {
            self.bump();
        }
        self.text.get(start..self.offset).unwrap_or_default()
    }

    fn escape(&mut self) -> Result<char, Error> {
        let at = self.at;
        self.bump();
        let plain = match self.peek() {
            Some('"') => '"',
            Some('\\') => '\\',
            Some('/') => '/',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                self.bump();
                return self.unicode_escape(at);
            }
            Some(_) | None => {
                return Err(self.syntax("after a backslash comes one of \" \\ / b f n r t u"));
            }
        };
        self.bump();
        Ok(plain)
    }

    /// The character of `\uXXXX`, or of two that make a surrogate pair. `at` is where the escape begins.
    fn unicode_escape(&mut self, at: Place) -> Result<char, Error> {
        let first = self.four_digits()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let second = if self.eat('\\') && self.eat('u') {
            Some(self.four_digits()?)
        } else {
            None
        };
        let pair = second
            .and_then(|second| char::decode_utf16([unit(first), unit(second)]).next())
            .and_then(Result::ok);
        pair.ok_or_else(|| {
            self.at = at;
            self.syntax("half of a surrogate pair is no character")
        })
    }

    fn four_digits(&mut self) -> Result<u32, Error> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                return Err(self.syntax("after `\\u` come four hexadecimal digits"));
            };
            value = value * 16 + digit;
            self.bump();
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<String, Error> {
        let (start, at) = (self.offset, self.at);
        self.eat('-');
        if self.eat('0') {
            if self.peek().is_some_and(|c| c.is_ascii_digit()) {
                return Err(self.syntax("a number does not begin with a zero"));
            }
        } else {
            self.digits()?;
        }
        if self.eat('.') {
            self.digits()?;
        }
        if self.eat('e') || self.eat('E') {
            let _ = self.eat('+') || self.eat('-');
            self.digits()?;
        }
        let text = self
            .text
            .get(start..self.offset)
            .unwrap_or_default()
            .to_owned();
        if number(&text).is_none() {
            self.at = at;
            return Err(self.syntax("a number is too large"));
        }
        Ok(text)
    }

    fn digits(&mut self) -> Result<(), Error> {
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Err(self.unexpected("a digit"));
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
        }
        Ok(())
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        for c in word.chars() {
            if !self.eat(c) {
                return Err(self.unexpected(&format!("`{word}`")));
            }
        }
        Ok(value)
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.bump();
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.bump();
        }
        found
    }

    fn peek(&self) -> Option<char> {
        self.text
            .get(self.offset..)
            .and_then(|rest| rest.chars().next())
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.offset += c.len_utf8();
        if c == '\n' {
            self.at = Place {
                line: self.at.line.saturating_add(1),
                column: 1,
            };
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(c)
    }

    /// A list that ends where one more is announced.
    fn after_comma(&self, wanted: &str) -> Error {
        let end = self.peek().unwrap_or_default();
        self.syntax(&format!(
            "`{end}` stands where {wanted} should be: remove the comma before it"
        ))
    }

    fn unexpected(&self, wanted: &str) -> Error {
        match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.syntax(&format!("`{quote}` stands where {wanted} should be"))
            }
            Some(c) => self.syntax(&format!(
                "`{}` stands where {wanted} should be",
                c.escape_debug()
            )),
            None => self.syntax(&format!("the text ends where {wanted} should be")),
        }
    }

    fn syntax(&self, message: &str) -> Error {
        self.error(ErrorCode::Syntax, message.to_owned())
    }

    fn error(&self, code: ErrorCode, message: String) -> Error {
        let pointer = self.path.iter().map(|step| match step {
            Step::Index(index) => format!("/{index}"),
            Step::Key(key) => format!("/{}", escape_pointer(key)),
        });
        Error {
            code,
            pointer: pointer.collect(),
            at: self.at,
            message,
        }
    }
}

fn unit(digits: u32) -> u16 {
    // Four hexadecimal digits always fit; the fallback is a lone surrogate, which pairs with nothing.
    u16::try_from(digits).unwrap_or(0xD800)
}

/// Whether `key` is among the `earlier` members; `names` holds them all once there are many.
fn is_repeated(key: &str, earlier: &[Member], names: &mut HashSet<String>) -> bool {
    if earlier.len() < MEMBERS_COMPARED {
        return earlier.iter().any(|member| member.key == key);
    }
    if names.is_empty() {
        names.extend(earlier.iter().map(|member| member.key.clone()));
    }
    !names.insert(key.to_owned())
}
