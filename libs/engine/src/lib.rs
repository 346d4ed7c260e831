//! Compiled policies and the decision.
