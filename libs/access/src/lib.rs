//! Who calls, and may they: the route registry and its proofs.
