//! Who made something.

/// Who made something, as far as it matters whether that is another than somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Makers {
    #[default]
    None,
    One(u32),
    Several,
}

impl Makers {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, makers) | (makers, Self::None) => makers,
            (one, other) if one == other => one,
            _ => Self::Several,
        }
    }

    /// Whether somebody else did.
    pub(super) fn besides(self, record: u32) -> bool {
        match self {
            Self::None => false,
            Self::One(maker) => maker != record,
            Self::Several => true,
        }
    }
}
