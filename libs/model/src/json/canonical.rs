//! One spelling for each value: RFC 8785.

/// `value` in the canonical form of RFC 8785: no white space, members sorted, one spelling of every number and string.
///
/// Numbers are written as 64-bit floats, so integers beyond 2^53 lose digits: store those as strings.
#[must_use]
pub fn canonical(value: &serde_json::Value) -> String {
    // Writing into memory cannot fail, keys of a `Value` are strings and its numbers are finite: no error is left.
    #[expect(
        clippy::expect_used,
        reason = "no value reaches an error; a silent fallback would hash another document"
    )]
    serde_json_canonicalizer::to_string(value).expect("a serde_json value has a canonical form")
}
