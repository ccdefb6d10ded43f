//! `cost.json`: what the run used, and what was charged for it.

use serde::{Deserialize, Serialize};

use crate::number::Number;

/// Resource use and charges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cost {
    /// What was used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ResourceUse>,
    /// What was charged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
    /// Salt of a blinded section: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// How a figure came about. Figures of different bases are never added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// An instrument read it.
    Measured,
    /// Somebody reckoned it.
    Estimated,
    /// An invoice says so.
    Billed,
}

/// Use of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceUse {
    /// `accelerator`, `cpu`, `wall-clock`, `energy`, `co2e`, `flops`, …
    pub resource: String,
    /// Which model of it, for accelerators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How much.
    pub amount: Number,
    /// `h`, `kWh`, `kg`, `FLOP`.
    pub unit: String,
    /// How the figure came about.
    pub basis: Basis,
    /// By what method or instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// Decimal number as text, for money is not a binary float.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: String,
    /// How the figure came about.
    pub basis: Basis,
    /// Price of a unit, as decimal text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// What the price is for, like `H100 h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_unit: Option<String>,
    /// Who set the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_source: Option<String>,
    /// As of which date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_date: Option<String>,
}
