//! From a document to its code.

use trilby_policy::condition::{
    Comparison, Decimal, Network, Operand, Order, SetOperator, Test, truth,
};
use trilby_policy::keys::Key;
use trilby_policy::pattern::{ArnPattern, Pattern, Token, Variable};
use trilby_policy::{ActionElement, Document, Effect, ResourceElement, Statement};

use super::cursor::origin_code;
use super::{Code, condition, flag, name, pattern};
use crate::values::sign;

/// Shorter texts are copied: to say where they are would take as much.
const SHARED_MIN_BYTES: usize = 4;

/// The code of a document; `None` if it is too large for one.
pub(super) fn code(document: &Document, text: &str) -> Option<Code> {
    let mut writer = Writer {
        bytes: Vec::new(),
        text,
        numbers: Vec::new(),
    };
    let count = document.statements.len();
    let head = count.checked_add(1)?.checked_mul(4)?;
    writer.bytes.resize(head, 0);
    let mut starts = vec![u32::try_from(count).ok()?];
    for statement in &document.statements {
        starts.push(u32::try_from(writer.bytes.len()).ok()?);
        writer.statement(statement)?;
    }
    for (place, start) in writer.bytes.chunks_exact_mut(4).zip(&starts) {
        place.copy_from_slice(&start.to_le_bytes());
    }
    let numbers = Some(writer.numbers).filter(|numbers| !numbers.is_empty());
    Some(Code {
        bytes: writer.bytes.into(),
        numbers: numbers.map(Box::new),
    })
}

struct Writer<'a> {
    bytes: Vec<u8>,
    text: &'a str,
    numbers: Vec<Decimal>,
}

impl Writer<'_> {
    fn number(&mut self, number: usize) {
        let mut rest = number;
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                self.bytes.push(low);
                return;
            }
            self.bytes.push(low | 0x80);
        }
    }

    fn inline(&mut self, text: &str) {
        self.number(text.len().saturating_mul(2).saturating_add(1));
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A text, where it stands in the document if it does.
    fn text(&mut self, text: &str) {
        let place = self
            .text
            .find(text)
            .filter(|_| text.len() >= SHARED_MIN_BYTES)
            .and_then(|at| u16::try_from(at).ok());
        match place {
            Some(at) => {
                self.number(text.len().saturating_mul(2));
                self.bytes.extend_from_slice(&at.to_le_bytes());
            }
            None => self.inline(text),
        }
    }

    /// What `write` writes, after its size.
    fn block(&mut self, write: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let outer = std::mem::take(&mut self.bytes);
        let written = write(self);
        let inner = std::mem::replace(&mut self.bytes, outer);
        self.number(inner.len());
        self.bytes.extend_from_slice(&inner);
        written
    }

    fn statement(&mut self, statement: &Statement) -> Option<()> {
        let (any_action, any_resource) = (
            is_any_action(&statement.action),
            statement.resource.as_ref().is_none_or(is_any_resource),
        );
        let mut flags = 0;
        for (holds, flag) in [
            (statement.effect == Effect::Deny, flag::DENY),
            (statement.action.is_not(), flag::NOT_ACTION),
            (any_action, flag::ANY_ACTION),
            (
                statement
                    .resource
                    .as_ref()
                    .is_some_and(ResourceElement::is_not),
                flag::NOT_RESOURCE,
            ),
            (any_resource, flag::ANY_RESOURCE),
            (statement.condition.is_empty(), flag::ALWAYS),
            (statement.principal.is_some(), flag::PRINCIPALS),
            (
                statement.condition.variables().next().is_some(),
                flag::VARIABLES,
            ),
        ] {
            if holds {
                flags |= flag;
            }
        }
        self.bytes.push(flags);
        if !any_action {
            self.block(|inner| {
                statement
                    .action
                    .patterns()
                    .iter()
                    .try_for_each(|action| inner.action(action.as_str(), action.pattern()))
            })?;
        }
        if let Some(element) = statement.resource.as_ref().filter(|_| !any_resource) {
            self.block(|inner| {
                element
                    .patterns()
                    .iter()
                    .try_for_each(|name| inner.name(name))
            })?;
        }
        statement
            .condition
            .tests()
            .iter()
            .try_for_each(|test| self.block(|inner| inner.test(test)))
    }

    /// A pattern over lower-cased text; a plain one is shared as it was written, and compared without case.
    fn action(&mut self, written: &str, lower: &Pattern) -> Option<()> {
        match lower.tokens() {
            [] | [Token::Lit(_)] => {
                self.bytes.push(pattern::kind::LITERAL);
                self.text(written);
            }
            [Token::Star] => self.bytes.push(pattern::kind::ALL),
            [Token::Lit(head), Token::Star] => {
                self.bytes.push(pattern::kind::PREFIX);
                self.text(written.get(..head.len())?);
            }
            tokens => {
                self.bytes.push(pattern::kind::TOKENS);
                self.block(|inner| tokens.iter().try_for_each(|token| inner.token(token)))?;
            }
        }
        Some(())
    }

    fn pattern(&mut self, pattern: &Pattern) -> Option<()> {
        match pattern.tokens() {
            [] => {
                self.bytes.push(pattern::kind::LITERAL);
                self.inline("");
            }
            [Token::Lit(text)] => {
                self.bytes.push(pattern::kind::LITERAL);
                self.text(text);
            }
            [Token::Star] => self.bytes.push(pattern::kind::ALL),
            [Token::Lit(text), Token::Star] => {
                self.bytes.push(pattern::kind::PREFIX);
                self.text(text);
            }
            tokens => {
                self.bytes.push(if pattern.has_variables() {
                    pattern::kind::VARIABLES
                } else {
                    pattern::kind::TOKENS
                });
                self.block(|inner| tokens.iter().try_for_each(|token| inner.token(token)))?;
            }
        }
        Some(())
    }

    fn token(&mut self, token: &Token) -> Option<()> {
        match token {
            Token::Lit(text) => {
                self.bytes.push(pattern::token::TEXT);
                self.text(text);
            }
            Token::Star => self.bytes.push(pattern::token::STAR),
            Token::Any => self.bytes.push(pattern::token::ANY),
            Token::Var(variable) => {
                let code = match variable.default() {
                    None => pattern::token::VARIABLE,
                    Some(_) => pattern::token::VARIABLE_OR,
                };
                self.variable(variable, code)?;
            }
        }
        Some(())
    }

    fn variable(&mut self, variable: &Variable, code: u8) -> Option<()> {
        self.bytes.push(code);
        self.key(variable.key())?;
        if let Some(default) = variable.default() {
            self.text(default);
        }
        Some(())
    }

    fn name(&mut self, name: &ArnPattern) -> Option<()> {
        if name.is_all() {
            self.bytes.push(name::kind::ALL);
            return Some(());
        }
        if let Some(variable) = name.as_variable() {
            let code = match variable.default() {
                None => name::kind::VARIABLE,
                Some(_) => name::kind::VARIABLE_OR,
            };
            return self.variable(variable, code);
        }
        let parts = name.parts()?;
        match Plain::of(name.as_str(), parts) {
            Some(plain) => {
                let twin = name::is_twin(plain.partition);
                self.bytes.push(match (twin, plain.whole) {
                    (true, true) => name::kind::TWIN,
                    (true, false) => name::kind::TWIN_PREFIX,
                    (false, true) => name::kind::OTHER,
                    (false, false) => name::kind::OTHER_PREFIX,
                });
                if !twin {
                    self.text(plain.partition);
                }
                self.text(plain.rest);
                Some(())
            }
            None => {
                self.bytes.push(name::kind::PARTS);
                self.block(|inner| parts.iter().try_for_each(|part| inner.pattern(part)))
            }
        }
    }

    fn key(&mut self, key: &Key) -> Option<()> {
        self.bytes.push(origin_code(key.origin()));
        self.bytes
            .extend_from_slice(&sign(key.normal()).to_le_bytes());
        self.block(|inner| {
            inner.text(key.normal());
            inner.text(key.as_str());
            Some(())
        })
    }

    fn test(&mut self, test: &Test) -> Option<()> {
        self.bytes.push(head(test));
        self.key(&test.key)?;
        match test.operand() {
            Operand::Text(patterns)
            | Operand::Glob(patterns)
            | Operand::TextIgnoreCase(patterns) => {
                patterns
                    .iter()
                    .try_for_each(|pattern| self.pattern(pattern))?;
            }
            Operand::Arn(names) => names.iter().try_for_each(|name| self.name(name))?,
            Operand::Numeric(order, numbers) => {
                self.order(*order)?;
                for number in numbers {
                    self.number(self.numbers.len());
                    self.numbers.push(number.clone());
                }
            }
            Operand::Date(order, moments) => {
                self.order(*order)?;
                for moment in moments {
                    self.bytes.extend_from_slice(&moment.units().to_le_bytes());
                }
            }
            Operand::Bool(patterns) => {
                for pattern in patterns {
                    match pattern.as_literal() {
                        Some(text) if truth(text)? => self.bytes.push(condition::TRUE),
                        Some(_) => self.bytes.push(condition::FALSE),
                        None => {
                            self.bytes.push(condition::PATTERN);
                            self.pattern(pattern)?;
                        }
                    }
                }
            }
            Operand::Binary(_) => test.values.iter().for_each(|value| self.text(value)),
            Operand::Ip(networks) => networks.iter().for_each(|network| self.network(network)),
            Operand::Null(wanted) => {
                let bits = wanted
                    .iter()
                    .fold(0, |bits, wanted| bits | if *wanted { 2 } else { 1 });
                self.bytes.push(bits);
            }
        }
        Some(())
    }

    fn order(&mut self, order: Order) -> Option<()> {
        let code = condition::ORDERS.iter().position(|known| *known == order)?;
        self.bytes.push(u8::try_from(code).ok()?);
        Some(())
    }

    fn network(&mut self, network: &Network) {
        let prefix = |bits: u32| u8::try_from(bits).unwrap_or(u8::MAX);
        match network {
            Network::V4 { base, mask } => {
                self.bytes
                    .extend_from_slice(&[condition::V4, prefix(mask.count_ones())]);
                self.bytes.extend_from_slice(&base.to_le_bytes());
            }
            Network::V6 { base, mask } => {
                self.bytes
                    .extend_from_slice(&[condition::V6, prefix(mask.count_ones())]);
                self.bytes.extend_from_slice(&base.to_le_bytes());
            }
        }
    }
}

fn is_any_action(element: &ActionElement) -> bool {
    !element.is_not() && element.patterns().iter().any(|pattern| pattern.is_all())
}

fn is_any_resource(element: &ResourceElement) -> bool {
    !element.is_not() && element.patterns().iter().any(ArnPattern::is_all)
}

/// A name without wildcards and variables, except for a star at its end.
struct Plain<'a> {
    partition: &'a str,
    /// What follows the partition and its colon, without the star.
    rest: &'a str,
    whole: bool,
}

impl<'a> Plain<'a> {
    fn of(written: &'a str, [partition, parts @ .., resource]: [&'a Pattern; 5]) -> Option<Self> {
        // Escapes make a text that is not as it is written.
        let plain = |part: &Pattern| part.as_literal() == Some(part.as_str());
        if !plain(partition) || !parts.iter().all(|part| plain(part)) {
            return None;
        }
        let whole = match resource.tokens() {
            [Token::Lit(text)] if **text == *resource.as_str() => true,
            [Token::Lit(text), Token::Star] if resource.as_str() == format!("{text}*") => false,
            [Token::Star] if resource.as_str() == "*" => false,
            _ => return None,
        };
        let rest = written
            .strip_prefix("arn:")?
            .strip_prefix(partition.as_str())?
            .strip_prefix(':')?;
        Some(Self {
            partition: partition.as_str(),
            rest: if whole { rest } else { rest.strip_suffix('*')? },
            whole,
        })
    }
}

fn head(test: &Test) -> u8 {
    let operator = test.operator;
    let compare = match operator.comparison {
        Comparison::Text | Comparison::Glob if test.is_of_spelt_arns() => {
            condition::compare::ARN_TEXT
        }
        Comparison::TextIgnoreCase if test.is_of_spelt_arns() => {
            condition::compare::ARN_TEXT_IGNORE_CASE
        }
        Comparison::Text | Comparison::Glob => condition::compare::TEXT,
        Comparison::TextIgnoreCase => condition::compare::TEXT_IGNORE_CASE,
        Comparison::Arn => condition::compare::NAME,
        Comparison::Numeric(_) => condition::compare::NUMERIC,
        Comparison::Date(_) => condition::compare::DATE,
        Comparison::Bool => condition::compare::BOOL,
        Comparison::Binary => condition::compare::BINARY,
        Comparison::Ip => condition::compare::IP,
        Comparison::Null => condition::compare::NULL,
    };
    let set = match operator.set {
        None => 0,
        Some(SetOperator::ForAllValues) => condition::form::FOR_ALL,
        Some(SetOperator::ForAnyValue) => condition::form::FOR_ANY,
    };
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    compare
        | set
        | flag(operator.negated, condition::form::NEGATED)
        | flag(operator.if_exists, condition::form::IF_EXISTS)
}
