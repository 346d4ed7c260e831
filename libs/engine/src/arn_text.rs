//! Walking up from a resource to what holds it.

use trilby_model::Arn;

/// The matching keys (`Arn::matching_key`) of an ARN and of everything it is a `/` extension of, nearest first.
///
/// Only the last part is cut, so that no ancestor is in another account or service. At most one step for each slash of
/// an ARN, whose length has a bound (`trilby_model::ARN_MAX_BYTES`).
pub(crate) fn with_ancestors(arn: &Arn) -> impl Iterator<Item = String> {
    let whole = arn.matching_key();
    let fixed = whole.len().saturating_sub(arn.resource().len());
    std::iter::successors(Some(whole), move |text| {
        let (head, tail) = text.split_at_checked(fixed)?;
        let cut = tail.rfind('/')?;
        let tail = tail.get(..cut).filter(|rest| !rest.is_empty())?;
        Some(format!("{head}{tail}"))
    })
}

#[cfg(test)]
mod tests;
