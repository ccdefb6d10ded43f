//! Signed in-toto statements about experiment records, keys and trust.
