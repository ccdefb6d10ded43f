//! Parameters that a re-run depends on, told by their names.

/// What a parameter is for, told by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Seed,
    Determinism,
    Other,
}

/// Told by the last part of the name: `data/seed`, `trainer.random_state`.
pub(crate) fn kind_of(name: &str) -> Kind {
    let last = name.rsplit(['/', '.', ':']).next().unwrap_or(name).to_ascii_lowercase();
    match last.as_str() {
        "seed" | "random_seed" | "random_state" | "rng_seed" | "data_seed" | "manual_seed" | "np_seed"
        | "torch_seed" => Kind::Seed,
        "deterministic"
        | "cudnn_deterministic"
        | "cudnn_benchmark"
        | "use_deterministic_algorithms"
        | "full_determinism" => Kind::Determinism,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_by_the_last_part_of_the_name() {
        assert!(matches!(kind_of("trainer.random_state"), Kind::Seed));
        assert!(matches!(kind_of("seeds"), Kind::Other));
    }
}
