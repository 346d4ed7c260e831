//! May this session do this to that.
