//! Instants, counted up year by year and month by month.

/// Digits of a fraction of a second that are told apart.
const FRACTION: usize = 18;
/// Digits of seconds since 1970 that are told apart: what has more is as late, or as early, as can be.
const EPOCH: usize = 18;
/// Parts of a second in so many digits; one digit more says whether anything follows.
const PARTS: i128 = 10_000_000_000_000_000_000;

/// Parts of a second since 1970; `None` if it is no instant.
pub(crate) fn read(text: &str) -> Option<i128> {
    if let Some(before) = text.strip_prefix('-') {
        // A year has no sign.
        return Some(-epoch(before)?);
    }
    if !(text.len() == 4 && is_digits(text))
        && let Some(epoch) = epoch(text)
    {
        return Some(epoch);
    }
    let (seconds, fraction) = calendar(text)?;
    Some(i128::from(seconds) * PARTS + parts(fraction)?)
}

fn epoch(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !is_digits(whole) || (text.contains('.') && !is_digits(fraction)) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > EPOCH {
        return Some(i128::MAX);
    }
    Some(format!("0{whole}").parse::<i128>().ok()? * PARTS + parts(fraction)?)
}

fn calendar(text: &str) -> Option<(i64, &str)> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let (year, month, day) = match parts.as_slice() {
        [year] => (number(year, 4)?, 1, 1),
        [year, month] => (number(year, 4)?, number(month, 2)?, 1),
        [year, month, day] => (number(year, 4)?, number(month, 2)?, number(day, 2)?),
        _ => return None,
    };
    if time.is_some() && parts.len() != 3 {
        return None;
    }
    let midnight = days(year, month, day)? * 86_400;
    let Some(time) = time else {
        return Some((midnight, ""));
    };
    let (clock, ahead) = match (time.strip_suffix('Z'), time.find(['+', '-'])) {
        (Some(clock), _) => (clock, 0),
        (None, Some(at)) => {
            let (clock, zone) = time.split_at(at);
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let zone = zone.get(1..)?;
            let (hours, minutes) = match zone.split_once(':') {
                Some(parts) => parts,
                None if zone.len() == 2 => (zone, "00"),
                None => zone.split_at_checked(2)?,
            };
            let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (clock, sign * (hours * 3600 + minutes * 60))
        }
        (None, None) => (time, 0),
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (clock, ""),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] if fraction.is_empty() => (number(hours, 2)?, number(minutes, 2)?, 0),
        [hours, minutes, seconds] => (number(hours, 2)?, number(minutes, 2)?, number(seconds, 2)?),
        _ => return None,
    };
    // A leap second is the first of the next minute.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    Some((
        midnight + hours * 3600 + minutes * 60 + seconds - ahead,
        fraction,
    ))
}

fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = |month: i64| match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap(year) { 29 } else { 28 }),
        _ => None,
    };
    if day < 1 || day > length(month)? {
        return None;
    }
    let of_year = |year: i64| if leap(year) { 366 } else { 365 };
    let years: i64 = if year >= 1970 {
        (1970..year).map(of_year).sum()
    } else {
        -(year..1970).map(of_year).sum::<i64>()
    };
    let months: i64 = (1..month).filter_map(length).sum();
    Some(years + months + day - 1)
}

fn parts(fraction: &str) -> Option<i128> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{fraction:0<FRACTION$}");
    let (kept, rest) = padded.split_at_checked(FRACTION)?;
    let more = rest.trim_end_matches('0').len().min(1);
    format!("{kept}{more}").parse().ok()
}

fn number(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && is_digits(text))
        .then(|| text.parse().ok())
        .flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
