//! Our own tokens: claims, signatures, key rotation, revocation.
