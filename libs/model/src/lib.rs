//! Nouns: ids, names, ARNs, positions, times.
