//! One figure of `cost.json`: what may be added to a sum, and what may not (spec/family.md,
//! "Sums").
//!
//! Anybody can write a figure. One that is negative, not a number, or beyond everything that a run
//! can cost would spoil the sum of a whole family, so it is named beside the sum instead.

use std::fmt;
use std::str::FromStr;

use expbundle_format::RecordId;
use expbundle_format::sections::{Charge, Cost, ResourceUse};
use serde::Serialize;

/// A figure that is in no sum.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotAdded {
    /// The record that states it.
    pub record: RecordId,
    /// `accelerator`, `energy`, …; null for a charge.
    pub resource: Option<String>,
    /// Which model of the resource.
    pub model: Option<String>,
    /// The amount, as it is written.
    pub amount: String,
    /// Its unit or currency.
    pub unit: String,
    /// Why it was not added.
    pub why: Unfit,
}

/// Why a figure is not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unfit {
    /// It is not a decimal number.
    NotANumber,
    /// It is less than nothing.
    Negative,
    /// It is infinite.
    Infinite,
    /// It is more, or more exact, than any cost.
    OutOfRange,
    /// The record that states it was revoked.
    Revoked,
}

impl Unfit {
    /// The words for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotANumber => "not a decimal number",
            Self::Negative => "negative",
            Self::Infinite => "infinite",
            Self::OutOfRange => "out of range",
            Self::Revoked => "its record was revoked",
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The most that a resource amounts to: training on everything takes some 1e27 FLOP.
const MOST: f64 = 1e30;
/// Digits of an amount of money before the point: a million times what the world earns in a year,
/// in any currency.
const WHOLE_DIGITS: usize = 21;
/// Digits of an amount of money behind the point: tokens cost some 1e-9 each. Both together leave
/// room to add 100,000 amounts and more.
const PART_DIGITS: usize = 12;

impl NotAdded {
    /// A use of a resource that is not added.
    pub fn resource(record: RecordId, figure: &ResourceUse, why: Unfit) -> Self {
        let (resource, model) = (Some(figure.resource.clone()), figure.model.clone());
        Self { record, resource, model, amount: written(figure), unit: figure.unit.clone(), why }
    }

    /// A charge that is not added.
    pub fn charge(record: RecordId, figure: &Charge, why: Unfit) -> Self {
        let (amount, unit) = (figure.amount.clone(), figure.currency.clone());
        Self { record, resource: None, model: None, amount, unit, why }
    }
}

/// Whether a record states any figure that may be added: only then its cost is known.
pub fn is_known(cost: &Cost) -> bool {
    cost.resources.iter().any(|figure| resource(figure).is_ok())
        || cost.charges.iter().any(|figure| charge(figure).is_ok())
}

/// The figures of a record that no sum should hold.
pub fn unfit(record: RecordId, cost: &Cost) -> impl Iterator<Item = NotAdded> + '_ {
    let resources = cost.resources.iter();
    let resources = resources.filter_map(move |one| Some(NotAdded::resource(record, one, resource(one).err()?)));
    let charges = cost.charges.iter();
    resources.chain(charges.filter_map(move |one| Some(NotAdded::charge(record, one, charge(one).err()?))))
}

/// Every figure of a record that was revoked: none is added.
pub fn revoked(record: RecordId, cost: &Cost) -> impl Iterator<Item = NotAdded> + '_ {
    let resources = cost.resources.iter().map(move |one| NotAdded::resource(record, one, Unfit::Revoked));
    resources.chain(cost.charges.iter().map(move |one| NotAdded::charge(record, one, Unfit::Revoked)))
}

/// An amount in short: in full the largest have 309 digits, of which 17 mean something.
fn written(figure: &ResourceUse) -> String {
    let amount = figure.amount.0;
    if amount.is_finite() && amount.abs() >= 1e21 { format!("{amount:e}") } else { figure.amount.to_string() }
}

/// What a use of a resource adds to a sum.
pub fn resource(figure: &ResourceUse) -> Result<f64, Unfit> {
    let amount = figure.amount.0;
    let why = if amount.is_nan() {
        Unfit::NotANumber
    } else if amount < 0.0 {
        Unfit::Negative
    } else if amount.is_infinite() {
        Unfit::Infinite
    } else if amount > MOST {
        Unfit::OutOfRange
    } else {
        return Ok(amount);
    };
    Err(why)
}

/// What a charge adds to a sum.
pub fn charge(figure: &Charge) -> Result<Decimal, Unfit> {
    figure.amount.parse()
}

/// A sum of binary floats that is rounded once, when it is read: the order of what is added changes
/// nothing, and 0.1 ten times is 1.
///
/// Kept as floats that do not overlap, whose exact sum it is (Shewchuk, 1997).
#[derive(Clone, Debug, Default)]
pub struct Total {
    /// From the smallest.
    parts: Vec<f64>,
}

impl Total {
    /// Adds a finite amount.
    pub fn add(&mut self, mut amount: f64) {
        let mut kept = 0;
        for at in 0..self.parts.len() {
            let mut part = self.parts[at];
            if amount.abs() < part.abs() {
                std::mem::swap(&mut amount, &mut part);
            }
            let sum = amount + part;
            let rest = part - (sum - amount);
            if rest != 0.0 {
                self.parts[kept] = rest;
                kept += 1;
            }
            amount = sum;
        }
        self.parts.truncate(kept);
        self.parts.push(amount);
    }

    /// The float that is nearest to the exact sum.
    pub fn rounded(&self) -> f64 {
        let mut parts = self.parts.iter().rev().copied();
        let mut sum = parts.next().unwrap_or(0.0);
        while let Some(part) = parts.next() {
            let before = sum;
            sum = before + part;
            let rest = part - (sum - before);
            if rest == 0.0 {
                continue;
            }
            // Halfway between two floats what is left says to which side.
            if parts.next().is_some_and(|next| (next < 0.0) == (rest < 0.0)) {
                let twice = rest * 2.0;
                let further = sum + twice;
                // Exact only if `rest` is exactly half of the distance.
                #[expect(clippy::float_cmp, reason = "the question is whether it is exact")]
                if further - sum == twice {
                    sum = further;
                }
            }
            break;
        }
        sum
    }
}

/// An exact decimal number that is not negative: binary floats cannot hold money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decimal {
    digits: u128,
    /// Digits behind the point, 12 at most.
    scale: u32,
}

impl Decimal {
    /// The sum, unless it is too large to be held.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let widen = |number: Self| number.digits.checked_mul(10_u128.checked_pow(scale - number.scale)?);
        Some(Self { digits: widen(self)?.checked_add(widen(other)?)?, scale })
    }
}

impl FromStr for Decimal {
    type Err = Unfit;

    fn from_str(text: &str) -> Result<Self, Unfit> {
        let (positive, sign) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
        let (whole, part) = positive.split_once('.').unwrap_or((positive, ""));
        let plain = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(part) || (positive.contains('.') && part.is_empty()) {
            return Err(Unfit::NotANumber);
        }
        if sign && [whole, part].concat().bytes().any(|digit| digit != b'0') {
            return Err(Unfit::Negative);
        }
        if whole.len() > WHOLE_DIGITS || part.len() > PART_DIGITS {
            return Err(Unfit::OutOfRange);
        }
        let digits = format!("0{whole}{part}").parse().map_err(|_| Unfit::OutOfRange)?;
        Ok(Self { digits, scale: u32::try_from(part.len()).map_err(|_| Unfit::OutOfRange)? })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits, width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        if part.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{part}") }
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::number::Number;
    use expbundle_format::sections::Basis;

    use super::*;

    #[test]
    fn resources_are_rounded_once() {
        let total = |amounts: &[f64]| {
            let mut total = Total::default();
            for amount in amounts {
                total.add(*amount);
            }
            total.rounded().to_string()
        };
        assert_eq!(total(&[]), "0");
        assert_eq!(total(&[0.1; 10]), "1");
        assert_eq!(total(&[9_007_199_254_740_991.0, 1.0, 2.0]), "9007199254740994");
        assert_eq!(total(&[1e17, 1.0, 1.0, 8.0, 8.0]), total(&[1.0, 8.0, 1e17, 8.0, 1.0]));
        // Half a step above, and a trifle.
        assert_eq!(total(&[9_007_199_254_740_992.0, 1.0, 1e-30]), "9007199254740994");
        assert_eq!(total(&[9_007_199_254_740_992.0, 1.0]), "9007199254740992");
    }

    #[test]
    fn money_adds_up_exactly() {
        let sum = |texts: &[&str]| {
            let sum = texts.iter().try_fold(Decimal::default(), |sum, text| sum.checked_add(text.parse().ok()?));
            sum.map(|sum| sum.to_string())
        };
        assert_eq!(sum(&["0.1", "0.2"]).as_deref(), Some("0.3"));
        assert_eq!(sum(&["12.50", "0.005", "007"]).as_deref(), Some("19.505"));
        assert_eq!(sum(&["10", "1", "-0.00"]).as_deref(), Some("11.00"));
        let most = format!("{}.{}", "9".repeat(21), "9".repeat(12));
        assert!(sum(&vec![&*most; 100_000]).is_some());
    }

    #[test]
    fn what_no_sum_should_hold_is_told_apart() {
        let why = |text: &str| text.parse::<Decimal>().err();
        for wrong in ["", "-", "1.", ".5", "1e3", "1,5", "∞", "NaN", "+1", "--1", " 1", "١"] {
            assert_eq!(why(wrong), Some(Unfit::NotANumber), "{wrong}");
        }
        assert_eq!(why("-4999.00"), Some(Unfit::Negative));
        assert_eq!(why("-0.0001"), Some(Unfit::Negative));
        for much in [
            "0".repeat(33) + "1",
            "9".repeat(60),
            "1".to_owned() + &"0".repeat(21),
            format!("0.{}", "0".repeat(13)),
            "1".repeat(2_000_000),
        ] {
            assert_eq!(why(&much), Some(Unfit::OutOfRange));
        }
        let used = |amount: f64| {
            let (resource, unit) = ("accelerator".to_owned(), "h".to_owned());
            let figure = ResourceUse {
                resource,
                model: None,
                amount: Number(amount),
                unit,
                basis: Basis::Measured,
                method: None,
            };
            super::resource(&figure).map_err(|why| (written(&figure), why))
        };
        assert_eq!([used(0.0), used(1e27)], [Ok(0.0), Ok(1e27)]);
        assert_eq!(used(-990.0), Err(("-990".to_owned(), Unfit::Negative)));
        assert_eq!(used(f64::NAN), Err(("NaN".to_owned(), Unfit::NotANumber)));
        assert_eq!(used(f64::NEG_INFINITY), Err(("-Infinity".to_owned(), Unfit::Negative)));
        assert_eq!(used(f64::INFINITY), Err(("Infinity".to_owned(), Unfit::Infinite)));
        assert_eq!(used(1.7e308).map_err(|(_, why)| why), Err(Unfit::OutOfRange));
    }
}
