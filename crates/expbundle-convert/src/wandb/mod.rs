//! Weights & Biases.
