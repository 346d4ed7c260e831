//! Conditions: when the tests of a statement hold. The truth table is the one of `trilby_policy`.
//!
//! ```text
//! test := size of what follows, head:u8 key operand
//! ```
//! The head holds the comparison and its form, the operand what the comparison needs until the end.

use std::net::IpAddr;

use trilby_policy::ContextValue;
use trilby_policy::condition::{Decimal, Folded, Instant, Order, other_spelling, truth};

use super::steps::{BYTES_A_STEP, Cost, Texts, fold_steps, look_up_steps};
use super::{Cursor, Fit, KeyRef, name, pattern};
use crate::ready::View;
use crate::values::{Told, Typed};

/// What is compared: the low four bits of a head.
pub(super) mod compare {
    pub(in super::super) const MASK: u8 = 0x0f;
    /// Patterns over text, with or without wildcards.
    pub(in super::super) const TEXT: u8 = 0;
    pub(in super::super) const TEXT_IGNORE_CASE: u8 = 1;
    pub(in super::super) const NAME: u8 = 2;
    /// An order, and places among the code's numbers.
    pub(in super::super) const NUMERIC: u8 = 3;
    /// An order, and moments of 16 bytes.
    pub(in super::super) const DATE: u8 = 4;
    /// [`FALSE`], [`TRUE`], or [`PATTERN`] and a pattern.
    pub(in super::super) const BOOL: u8 = 5;
    /// Texts in base64: each run of bytes has one.
    pub(in super::super) const BINARY: u8 = 6;
    /// [`V4`] or [`V6`], length of the prefix, address.
    pub(in super::super) const IP: u8 = 7;
    /// One bit for each of `false` and `true`.
    pub(in super::super) const NULL: u8 = 8;
    /// As [`TEXT`] and [`TEXT_IGNORE_CASE`], of ARNs: one fits in either spelling.
    pub(in super::super) const ARN_TEXT: u8 = 9;
    pub(in super::super) const ARN_TEXT_IGNORE_CASE: u8 = 10;
}

/// How it is compared: the high four bits of a head.
pub(super) mod form {
    pub(in super::super) const NEGATED: u8 = 1 << 4;
    pub(in super::super) const IF_EXISTS: u8 = 1 << 5;
    pub(in super::super) const FOR_ALL: u8 = 1 << 6;
    pub(in super::super) const FOR_ANY: u8 = 1 << 7;
}

pub(super) const FALSE: u8 = 0;
pub(super) const TRUE: u8 = 1;
pub(super) const PATTERN: u8 = 2;
pub(super) const V4: u8 = 4;
pub(super) const V6: u8 = 6;

/// In the order of their codes.
pub(super) const ORDERS: [Order; 5] = [
    Order::Equal,
    Order::Less,
    Order::LessOrEqual,
    Order::Greater,
    Order::GreaterOrEqual,
];

/// What the tests of a statement come to.
pub(crate) enum Held<'a> {
    All,
    /// The only test does not hold; the key, if it is absent.
    NotTheOne(Option<KeyRef<'a>>),
    NotAll,
}

/// Whether every test holds. `variables`: some test has one.
#[inline]
pub(super) fn hold<'v>(
    mut tests: Cursor<'v>,
    numbers: &'v [Decimal],
    variables: bool,
    view: &'v View<'_>,
) -> Option<Held<'v>> {
    let test = Test::read(tests.block()?, numbers)?;
    let told = view.at(test.key);
    let holds = test.holds_for(told, view)?;
    if tests.is_empty() {
        return Some(match (holds, variables) {
            (true, _) => Held::All,
            (false, true) => Held::NotAll,
            (false, false) => Held::NotTheOne(told.is_none().then_some(test.key)),
        });
    }
    if !holds {
        return Some(Held::NotAll);
    }
    while !tests.is_empty() {
        if !Test::read(tests.block()?, numbers)?.holds(view)? {
            return Some(Held::NotAll);
        }
    }
    Some(Held::All)
}

/// Shows the keys for the want of which alone tests do not hold, a key as often as it is asked for; none if something else
/// is to blame too. To be asked of tests of which one does not hold. `variables`: some test has one.
pub(super) fn each_lacking<'v>(
    tests: Cursor<'v>,
    numbers: &'v [Decimal],
    variables: bool,
    view: &'v View<'_>,
    mut show: impl FnMut(KeyRef<'v>),
) -> Option<()> {
    if failed(tests, numbers, variables, view, &mut |_| {})? {
        failed(tests, numbers, variables, view, &mut show)?;
    }
    Some(())
}

/// Shows the keys that tests which do not hold lack, until one lacks none; whether all lack some.
fn failed<'v>(
    mut tests: Cursor<'v>,
    numbers: &'v [Decimal],
    variables: bool,
    view: &'v View<'_>,
    show: &mut impl FnMut(KeyRef<'v>),
) -> Option<bool> {
    while !tests.is_empty() {
        let test = Test::read(tests.block()?, numbers)?;
        if test.holds(view)? {
            continue;
        }
        let mut any = false;
        test.each_missing(variables, view, &mut |key| {
            any = true;
            show(key);
        })?;
        if !any {
            return Some(false);
        }
    }
    Some(true)
}

/// How many steps the tests take at most.
pub(super) fn steps<'v>(
    mut tests: Cursor<'v>,
    numbers: &'v [Decimal],
    view: &'v View<'_>,
) -> Option<u64> {
    let mut steps = 0_u64;
    while !tests.is_empty() {
        let test = Test::read(tests.block()?, numbers)?;
        steps = steps.saturating_add(test.steps(view)?);
    }
    Some(steps)
}

#[derive(Clone, Copy)]
struct Test<'a> {
    head: u8,
    key: KeyRef<'a>,
    operand: Cursor<'a>,
    numbers: &'a [Decimal],
}

impl<'a> Test<'a> {
    #[inline]
    fn read(mut code: Cursor<'a>, numbers: &'a [Decimal]) -> Option<Self> {
        Some(Self {
            head: code.byte()?,
            key: code.key()?,
            operand: code,
            numbers,
        })
    }

    #[inline]
    fn is(&self, form: u8) -> bool {
        self.head & form != 0
    }

    #[inline]
    fn has_set(&self) -> bool {
        self.is(form::FOR_ALL | form::FOR_ANY)
    }

    fn holds(&self, view: &View<'_>) -> Option<bool> {
        self.holds_for(view.at(self.key), view)
    }

    /// Whether it holds for what is known of its key.
    #[inline]
    fn holds_for(&self, told: Option<Told<'_>>, view: &View<'_>) -> Option<bool> {
        if self.head & compare::MASK == compare::NULL {
            let wanted = self.operand.clone().byte()?;
            return Some(wanted & if is_null(told) { 2 } else { 1 } != 0);
        }
        let Some(told) = told else {
            return Some(self.holds_when_absent());
        };
        match told.value {
            ContextValue::Scalar(value) if self.has_set() => {
                self.holds_for_set(std::slice::from_ref(value), view)
            }
            ContextValue::Scalar(value) => self.is_satisfied(value, told.typed, view),
            ContextValue::List(values) if self.has_set() => self.holds_for_set(values, view),
            // Without a set operator several values satisfy nothing, not even a negation.
            ContextValue::List(_) => Some(false),
        }
    }

    fn holds_when_absent(&self) -> bool {
        if self.is(form::IF_EXISTS) || self.is(form::FOR_ALL) {
            return true;
        }
        !self.is(form::FOR_ANY) && self.is(form::NEGATED)
    }

    fn holds_for_set(&self, values: &[String], view: &View<'_>) -> Option<bool> {
        // A list of nothing but empty strings is no data.
        let all = self.is(form::FOR_ALL);
        if values.iter().all(String::is_empty) {
            return Some(all);
        }
        for value in values {
            if self.is_satisfied(value, None, view)? != all {
                return Some(!all);
            }
        }
        Some(all)
    }

    #[inline]
    fn is_satisfied(&self, value: &str, typed: Option<&Typed>, view: &View<'_>) -> Option<bool> {
        Some(self.fits(value, typed, view)? != self.is(form::NEGATED))
    }

    /// Whether a value fits one of the operand's. One that is not of the comparison's type fits none.
    #[inline]
    fn fits(&self, value: &str, typed: Option<&Typed>, view: &View<'_>) -> Option<bool> {
        let operand = self.operand;
        match self.head & compare::MASK {
            compare::TEXT => text(operand, value, view),
            compare::TEXT_IGNORE_CASE => text_ignore_case(operand, value, view),
            compare::NAME => name::any_fits(operand, value, view),
            compare::NUMERIC => match typed {
                Some(typed) => self.number(typed.number.as_ref()),
                None => self.number(Decimal::parse(value).as_ref()),
            },
            compare::DATE => date(
                operand,
                typed.map_or_else(|| Instant::parse(value), |typed| typed.moment),
            ),
            compare::BOOL => boolean(
                operand,
                typed.map_or_else(|| truth(value), |typed| typed.truth),
                view,
            ),
            compare::BINARY => binary(operand, value),
            compare::IP => address(
                operand,
                typed.map_or_else(|| value.parse().ok(), |typed| typed.address),
            ),
            compare::ARN_TEXT => either(value, |value| text(operand, value, view)),
            compare::ARN_TEXT_IGNORE_CASE => {
                either(value, |value| text_ignore_case(operand, value, view))
            }
            _ => None,
        }
    }

    fn number(&self, value: Option<&Decimal>) -> Option<bool> {
        let Some(value) = value else {
            return Some(false);
        };
        let mut operand = self.operand;
        let order = order(&mut operand)?;
        while !operand.is_empty() {
            if order.holds(value, self.numbers.get(operand.number()?)?) {
                return Some(true);
            }
        }
        Some(false)
    }

    fn steps(&self, view: &'a View<'_>) -> Option<u64> {
        let looked = u64::try_from(look_up_steps(view.n_keys())).unwrap_or(u64::MAX);
        let Some(told) = view.at(self.key) else {
            return Some(looked);
        };
        let texts = Texts::of(told.value);
        let compare = self.head & compare::MASK;
        let spellings = match compare {
            compare::ARN_TEXT | compare::ARN_TEXT_IGNORE_CASE => 2,
            _ => 1,
        };
        let mut operand = self.operand;
        // To find the values, and to read them.
        let read = u64::try_from(texts.bytes).unwrap_or(u64::MAX);
        let mut steps = looked.saturating_add(read);
        let ignores_case = matches!(
            compare,
            compare::TEXT_IGNORE_CASE | compare::ARN_TEXT_IGNORE_CASE
        );
        if ignores_case {
            steps = steps.saturating_add(fold_steps(told.value).saturating_mul(spellings));
        }
        while !operand.is_empty() {
            let cost = match compare {
                compare::TEXT
                | compare::TEXT_IGNORE_CASE
                | compare::ARN_TEXT
                | compare::ARN_TEXT_IGNORE_CASE => pattern::cost(&mut operand, view)?,
                compare::NAME => name::cost(&mut operand, view)?,
                compare::BOOL if operand.byte()? == PATTERN => pattern::cost(&mut operand, view)?,
                compare::BOOL => Cost::default(),
                compare::NULL => return Some(looked),
                // Numbers, moments, addresses: not more than the bytes that say them.
                _ => {
                    let mut cost = Cost::default();
                    cost.piece(operand.len().saturating_mul(BYTES_A_STEP));
                    return Some(steps.saturating_add(cost.steps(texts)));
                }
            };
            let each = if ignores_case { cost.folded() } else { cost };
            let more = each.steps(texts).saturating_mul(spellings);
            steps = steps.saturating_add(more);
        }
        Some(steps)
    }

    /// Shows what a test that does not hold asked for and the request does not carry.
    fn each_missing(
        &self,
        variables: bool,
        view: &'a View<'_>,
        show: &mut impl FnMut(KeyRef<'a>),
    ) -> Option<()> {
        let told = view.at(self.key);
        if told.is_none() {
            show(self.key);
        }
        if !variables {
            return Some(());
        }
        let is_list = matches!(told.map(|told| told.value), Some(ContextValue::List(_)));
        if self.is(form::NEGATED) || (is_list && !self.has_set()) {
            return Some(());
        }
        let mut operand = self.operand;
        while !operand.is_empty() {
            match self.head & compare::MASK {
                compare::TEXT
                | compare::TEXT_IGNORE_CASE
                | compare::ARN_TEXT
                | compare::ARN_TEXT_IGNORE_CASE => {
                    pattern::each_missing(&mut operand, view, show)?;
                }
                compare::NAME => name::each_missing(&mut operand, view, show)?,
                compare::BOOL => {
                    if operand.byte()? == PATTERN {
                        pattern::each_missing(&mut operand, view, show)?;
                    }
                }
                // No other comparison has variables.
                _ => return Some(()),
            }
        }
        Some(())
    }
}

fn order(operand: &mut Cursor<'_>) -> Option<Order> {
    ORDERS.get(usize::from(operand.byte()?)).copied()
}

/// Whether a value fits, or does in its other spelling.
fn either(value: &str, fits: impl Fn(&str) -> Option<bool>) -> Option<bool> {
    if fits(value)? {
        return Some(true);
    }
    other_spelling(value, fits).unwrap_or(Some(false))
}

fn text<'v>(mut operand: Cursor<'v>, value: &str, view: &'v View<'_>) -> Option<bool> {
    while !operand.is_empty() {
        if pattern::fits(&mut operand, value.as_bytes(), view)? == Fit::Yes {
            return Some(true);
        }
    }
    Some(false)
}

fn text_ignore_case<'v>(mut operand: Cursor<'v>, value: &str, view: &'v View<'_>) -> Option<bool> {
    let value = Folded::new(value);
    while !operand.is_empty() {
        let wanted = pattern::resolved(&mut operand, view)?;
        let same = |wanted: &Vec<u8>| str::from_utf8(wanted).is_ok_and(|w| value.is(w));
        if wanted.as_ref().is_some_and(same) {
            return Some(true);
        }
    }
    Some(false)
}

fn date(mut operand: Cursor<'_>, value: Option<Instant>) -> Option<bool> {
    let Some(value) = value else {
        return Some(false);
    };
    let order = order(&mut operand)?;
    while !operand.is_empty() {
        let limit = Instant::from_units(i128::from_le_bytes(operand.array()?));
        if order.holds(&value, &limit) {
            return Some(true);
        }
    }
    Some(false)
}

fn boolean<'v>(mut operand: Cursor<'v>, value: Option<bool>, view: &'v View<'_>) -> Option<bool> {
    let Some(value) = value else {
        return Some(false);
    };
    while !operand.is_empty() {
        let wanted = match operand.byte()? {
            FALSE => Some(false),
            TRUE => Some(true),
            PATTERN => {
                let text = pattern::resolved(&mut operand, view)?;
                text.and_then(|text| truth(str::from_utf8(&text).ok()?))
            }
            _ => return None,
        };
        if wanted == Some(value) {
            return Some(true);
        }
    }
    Some(false)
}

fn binary(mut operand: Cursor<'_>, value: &str) -> Option<bool> {
    while !operand.is_empty() {
        if operand.text()? == value.as_bytes() {
            return Some(true);
        }
    }
    Some(false)
}

fn address(mut operand: Cursor<'_>, value: Option<IpAddr>) -> Option<bool> {
    let Some(value) = value else {
        return Some(false);
    };
    while !operand.is_empty() {
        let (family, prefix) = (operand.byte()?, u32::from(operand.byte()?));
        let fits = match (family, value) {
            (V4, value) => {
                let base = u32::from_le_bytes(operand.array()?);
                let mask = u32::MAX
                    .checked_shl(u32::BITS.checked_sub(prefix)?)
                    .unwrap_or(0);
                matches!(value, IpAddr::V4(value) if value.to_bits() & mask == base)
            }
            (V6, value) => {
                let base = u128::from_le_bytes(operand.array()?);
                let mask = u128::MAX
                    .checked_shl(u128::BITS.checked_sub(prefix)?)
                    .unwrap_or(0);
                matches!(value, IpAddr::V6(value) if value.to_bits() & mask == base)
            }
            _ => return None,
        };
        if fits {
            return Some(true);
        }
    }
    Some(false)
}

/// An empty list counts as absent.
fn is_null(told: Option<Told<'_>>) -> bool {
    match told.map(|told| told.value) {
        None => true,
        Some(ContextValue::Scalar(_)) => false,
        Some(ContextValue::List(values)) => values.is_empty(),
    }
}
