//! What a whole ancestry cost: resources and charges added up, figures of different origin never together (spec/family.md, "Sums").

use std::cmp::Reverse;
use std::collections::BTreeMap;

use expbundle_format::RecordId;
use expbundle_format::number::Number;
use expbundle_format::sections::{Basis, Cost, JsonSection as _};
use expbundle_lineage::Rollup;
use schemars::JsonSchema;
use serde::Serialize;

use crate::figure::{self, Decimal, NotAdded, Unfit};
use crate::judge::{State, Verdict};
use crate::verify::Intact;

/// A sum of costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    /// Resources, by what they are, their unit, and how the figures came about.
    pub resources: Vec<ResourceSum>,
    /// Charges, by currency, and by how the figures came about.
    pub charges: Vec<ChargeSum>,
    /// Figures that no sum should hold: negative, infinite, no number, or beyond any cost.
    pub not_added: Vec<NotAdded>,
}

/// What a family cost, and how far the sum reaches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FamilyCosts {
    /// The sums.
    #[serde(flatten)]
    pub sums: Costs,
    /// Records whose cost was counted.
    pub counted: Vec<RecordId>,
    /// Records that say nothing of their cost.
    pub unknown: Vec<RecordId>,
    /// Records whose cost is withheld.
    pub withheld: Vec<RecordId>,
    /// Records of a run that was counted already.
    pub repeated: Vec<RecordId>,
    /// Records that were revoked: what they say of their cost is listed and not added.
    pub revoked: Vec<RecordId>,
    /// Parents that are not here.
    pub absent: Vec<RecordId>,
}

/// A sum of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ResourceSum {
    /// `accelerator`, `energy`, …
    pub resource: String,
    /// Which model of it.
    pub model: Option<String>,
    /// `h`, `kWh`, …
    pub unit: String,
    /// How the figures came about.
    pub basis: Basis,
    /// How much.
    pub amount: Number,
}

/// A sum of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChargeSum {
    /// ISO 4217 code.
    pub currency: String,
    /// How the figures came about.
    pub basis: Basis,
    /// How much, as decimal text.
    pub amount: String,
}

impl Intact {
    /// Adds up what these records and all their ancestors cost, each once.
    ///
    /// Of several records of one run one that is signed counts before one that is not. What was revoked is not added, and stands for no run.
    pub fn costs(&self, verdict: &Verdict, of: &[RecordId]) -> FamilyCosts {
        let state = |id: RecordId| verdict.records.get(&id).copied().unwrap_or(State::Intact);
        let rollup: Rollup<Vec<Cost>> = verdict.lineage.rollup(
            of,
            |id| verdict.standing.records.contains(&id),
            |id| Reverse(state(id)),
            |id| self.json_section::<Cost>(id).map(|cost| vec![cost]),
            |mut all, mut one| {
                all.append(&mut one);
                all
            },
        );
        let mut sums = Costs::of(rollup.total.as_deref().unwrap_or_default());
        for cost in rollup.left_out.iter().filter_map(|id| self.json_section::<Cost>(*id)) {
            sums.not_added.extend(figure::revoked(&cost));
        }
        let (withheld, unknown) = rollup.unknown.into_iter().partition(|id| self.is_withheld(*id, &Cost::name()));
        let Rollup { counted, repeated, left_out: revoked, absent, .. } = rollup;
        FamilyCosts { sums, counted, unknown, withheld, repeated, revoked, absent }
    }
}

impl Costs {
    fn of(costs: &[Cost]) -> Self {
        let mut resources: BTreeMap<(&str, Option<&str>, &str, Basis), f64> = BTreeMap::new();
        let mut charges: BTreeMap<(&str, Basis), Decimal> = BTreeMap::new();
        let mut not_added = Vec::new();
        for cost in costs {
            for one in &cost.resources {
                let key = (one.resource.as_str(), one.model.as_deref(), one.unit.as_str(), one.basis);
                match figure::resource(one) {
                    Ok(amount) => *resources.entry(key).or_default() += amount,
                    Err(not) => not_added.push(not),
                }
            }
            for charge in &cost.charges {
                let key = (charge.currency.as_str(), charge.basis);
                let sum = charges.get(&key).copied().unwrap_or_default();
                let too_much = || NotAdded {
                    amount: charge.amount.clone(),
                    unit: charge.currency.clone(),
                    why: Unfit::OutOfRange,
                };
                match figure::charge(charge).and_then(|amount| sum.checked_add(amount).ok_or_else(too_much)) {
                    Ok(sum) => _ = charges.insert(key, sum),
                    Err(not) => not_added.push(not),
                }
            }
        }
        let resources = resources.into_iter().map(|((resource, model, unit, basis), amount)| ResourceSum {
            resource: resource.to_owned(),
            model: model.map(str::to_owned),
            unit: unit.to_owned(),
            basis,
            amount: Number(amount),
        });
        let charges = charges.into_iter().map(|((currency, basis), amount)| ChargeSum {
            currency: currency.to_owned(),
            basis,
            amount: amount.to_string(),
        });
        Self { resources: resources.collect(), charges: charges.collect(), not_added }
    }
}

#[cfg(test)]
mod tests {
    use expbundle_format::sections::{Charge, ResourceUse};

    use super::*;

    #[test]
    fn figures_of_different_origin_are_never_added() {
        let cost = |amount: f64, price: &str, basis| Cost {
            resources: vec![ResourceUse {
                resource: "accelerator".to_owned(),
                model: Some("H100".to_owned()),
                amount: Number(amount),
                unit: "h".to_owned(),
                basis,
                method: None,
            }],
            charges: vec![Charge {
                amount: price.to_owned(),
                currency: "EUR".to_owned(),
                basis,
                rate: None,
                rate_unit: None,
                rate_source: None,
                rate_date: None,
            }],
            salt: None,
        };
        let all =
            [cost(1.5, "2.10", Basis::Billed), cost(0.5, "0.90", Basis::Billed), cost(8.0, "a lot", Basis::Estimated)];
        let sum = Costs::of(&all);
        let hours: Vec<_> = sum.resources.iter().map(|one| (one.basis, one.amount)).collect();
        assert_eq!(hours, [(Basis::Estimated, Number(8.0)), (Basis::Billed, Number(2.0))]);
        assert_eq!(sum.charges.len(), 1);
        assert_eq!((sum.charges[0].amount.as_str(), sum.charges[0].basis), ("3.00", Basis::Billed));
        let not: Vec<_> = sum.not_added.iter().map(|one| (one.amount.as_str(), one.unit.as_str(), one.why)).collect();
        assert_eq!(not, [("a lot", "EUR", Unfit::NotANumber)]);
    }

    #[test]
    fn a_figure_that_would_spoil_the_sum_is_named_beside_it() {
        let cost = |amount: f64, price: &str| Cost {
            resources: vec![ResourceUse {
                resource: "accelerator".to_owned(),
                model: None,
                amount: Number(amount),
                unit: "h".to_owned(),
                basis: Basis::Measured,
                method: None,
            }],
            charges: vec![Charge {
                amount: price.to_owned(),
                currency: "EUR".to_owned(),
                basis: Basis::Billed,
                rate: None,
                rate_unit: None,
                rate_source: None,
                rate_date: None,
            }],
            salt: None,
        };
        let tiny = format!("0.{}1", "0".repeat(35));
        let all =
            [cost(10.0, "50"), cost(-990.0, "-4999"), cost(f64::NAN, "NaN"), cost(1.7e308, &tiny), cost(1.0, "1.5")];
        let sum = Costs::of(&all);
        assert_eq!((sum.resources.len(), sum.resources[0].amount), (1, Number(11.0)));
        assert_eq!((sum.charges.len(), sum.charges[0].amount.as_str()), (1, "51.5"));
        assert_eq!(sum.not_added.len(), 6, "{:?}", sum.not_added);
        serde_json::to_value(&sum).expect("JSON");
    }
}
