//! The policy language: parse, validate, lint, canonical form, patterns, conditions.
