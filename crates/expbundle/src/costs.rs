//! What a whole ancestry cost: resources and charges added up, figures of different origin never
//! together (spec/family.md, "Sums").

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use expbundle_format::RecordId;
use expbundle_format::number::Number;
use expbundle_format::sections::{Basis, Cost, JsonSection as _};
use expbundle_lineage::Rollup;
use serde::Serialize;

use crate::figure::{self, Decimal, NotAdded, Total, Unfit};
use crate::judge::{State, Verdict};
use crate::verify::Intact;

/// A sum of costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    /// Resources, by what they are, their unit, and how the figures came about.
    pub resources: Vec<ResourceSum>,
    /// Charges, by currency, and by how the figures came about.
    pub charges: Vec<ChargeSum>,
    /// Figures that no sum should hold: negative, infinite, not a number, or beyond any cost.
    pub not_added: Vec<NotAdded>,
}

/// What a family cost, and how far the sum reaches.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FamilyCosts {
    /// The sums.
    #[serde(flatten)]
    pub sums: Costs,
    /// Records whose cost was counted.
    pub counted: Vec<RecordId>,
    /// Records that state no cost which could be added.
    pub unknown: Vec<RecordId>,
    /// Records whose cost is withheld, and would count if it were not.
    pub withheld: Vec<RecordId>,
    /// Records for whose source another record here stands.
    pub repeated: Vec<RecordId>,
    /// Records that were counted, or would be if their costs were known, and that are of one run with
    /// another of them, which another tool recorded: its cost is counted for each.
    pub seen_twice: Vec<RecordId>,
    /// Records whose place another record here took.
    pub superseded: Vec<RecordId>,
    /// Records that were revoked: what they say of their cost is listed and not added.
    pub revoked: Vec<RecordId>,
    /// Parents that are not here.
    pub absent: Vec<RecordId>,
    /// Records of the family that took in something of unknown origin: what that cost is not
    /// counted.
    pub unaccounted: Vec<RecordId>,
    /// Records that may be ancestors, as far as is known: their cost is not counted.
    pub possible: Vec<RecordId>,
}

/// A sum of one resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// What was revoked, itself or all that vouched for it, is not added, stands for no run and takes
    /// nobody's place. A successor
    /// counts in place of what it supersedes. Of several records of one source one that is signed
    /// counts before one that is not. Records of two sources are never one: otherwise whoever leaves out
    /// the record that tells them apart would lower the sum.
    pub fn costs(&self, verdict: &Verdict, of: &[RecordId]) -> FamilyCosts {
        let state = |id: RecordId| verdict.records.get(&id).copied().unwrap_or(State::Intact);
        let cost = |id: RecordId| self.json_section::<Cost>(id);
        let rollup: Rollup<Vec<(RecordId, Cost)>> = verdict.lineage.rollup(
            of,
            |id| verdict.was_revoked(id),
            |id| Reverse(state(id)),
            |id| cost(id).filter(figure::is_known).map(|cost| vec![(id, cost)]),
            |mut all, mut one| {
                all.append(&mut one);
                all
            },
        );
        let mut sums = Costs::of(rollup.total.as_deref().unwrap_or_default());
        let Rollup { counted, unknown, mut repeated, superseded, left_out, absent, .. } = rollup;
        // What is withheld would have counted in place of what stands for its run: that it is not
        // here must not go unsaid.
        let run = |id: RecordId| verdict.lineage.source_of(id);
        let of_known = counted.iter().map(|id| (*id, true)).chain(unknown.iter().map(|id| (*id, false)));
        let standing: HashMap<u32, (RecordId, bool)> =
            of_known.filter_map(|stands| Some((run(stands.0)?, stands))).collect();
        let mut hidden: Vec<RecordId> = Vec::new();
        repeated.retain(|id| {
            let stands = run(*id).and_then(|run| standing.get(&run));
            let precedes =
                stands.is_some_and(|(other, is_known)| state(*id) == state(*other) && (!is_known || *id < *other));
            let is_hidden = precedes && self.is_withheld(*id, &Cost::name());
            if is_hidden {
                hidden.push(*id);
            }
            !is_hidden
        });
        // One whose every signature was taken back is here, though it has no place in the graph.
        let (taken_back, absent): (Vec<RecordId>, _) = absent
            .into_iter()
            .partition(|id| verdict.standing.taken_back.contains(id) && self.records().contains_key(id));
        let mut revoked = [left_out, taken_back].concat();
        revoked.sort_unstable();
        for id in &revoked {
            sums.not_added.extend(cost(*id).iter().flat_map(|cost| figure::revoked(*id, cost)));
        }
        for id in &unknown {
            sums.not_added.extend(cost(*id).iter().flat_map(|cost| figure::unfit(*id, cost)));
        }
        sums.not_added.sort_by_key(|one| one.record);
        let (mut withheld, unknown): (Vec<RecordId>, Vec<RecordId>) =
            unknown.into_iter().partition(|id| self.is_withheld(*id, &Cost::name()));
        withheld.append(&mut hidden);
        withheld.sort_unstable();
        let mut possible = verdict.lineage.possible_ancestors(of);
        let known: HashSet<RecordId> = verdict.lineage.ancestors(of).into_iter().chain(of.iter().copied()).collect();
        possible.retain(|id| !known.contains(id));
        let mut unaccounted: Vec<RecordId> = verdict.lineage.gaps().into_iter().flat_map(|gap| gap.takers).collect();
        unaccounted.retain(|id| known.contains(id));
        unaccounted.sort_unstable();
        unaccounted.dedup();
        let seen_twice = verdict.lineage.seen_twice_among(&[&counted[..], &unknown, &withheld].concat());
        FamilyCosts {
            sums,
            counted,
            unknown,
            withheld,
            repeated,
            seen_twice,
            superseded,
            revoked,
            absent,
            unaccounted,
            possible,
        }
    }
}

impl Costs {
    fn of(costs: &[(RecordId, Cost)]) -> Self {
        let mut resources: BTreeMap<(&str, Option<&str>, &str, Basis), Total> = BTreeMap::new();
        let mut charges: BTreeMap<(&str, Basis), Decimal> = BTreeMap::new();
        let mut not_added = Vec::new();
        for (record, cost) in costs {
            for one in &cost.resources {
                let key = (one.resource.as_str(), one.model.as_deref(), one.unit.as_str(), one.basis);
                match figure::resource(one) {
                    Ok(amount) => resources.entry(key).or_default().add(amount),
                    Err(why) => not_added.push(NotAdded::resource(*record, one, why)),
                }
            }
            for charge in &cost.charges {
                let key = (charge.currency.as_str(), charge.basis);
                let sum = charges.get(&key).copied().unwrap_or_default();
                match figure::charge(charge).and_then(|amount| sum.checked_add(amount).ok_or(Unfit::OutOfRange)) {
                    Ok(sum) => _ = charges.insert(key, sum),
                    Err(why) => not_added.push(NotAdded::charge(*record, charge, why)),
                }
            }
        }
        let resources = resources.into_iter().map(|((resource, model, unit, basis), amount)| ResourceSum {
            resource: resource.to_owned(),
            model: model.map(str::to_owned),
            unit: unit.to_owned(),
            basis,
            amount: Number(amount.rounded()),
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
    use expbundle_format::DigestSet;
    use expbundle_format::sections::{Charge, ResourceUse};

    use super::*;

    /// Costs of as many records.
    fn of(costs: &[Cost]) -> Costs {
        let record = |number: usize| RecordId(DigestSet::of(&number.to_le_bytes()).blake3);
        Costs::of(&costs.iter().enumerate().map(|(number, cost)| (record(number), cost.clone())).collect::<Vec<_>>())
    }

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
        let sum = of(&all);
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
        let sum = of(&all);
        assert_eq!((sum.resources.len(), sum.resources[0].amount), (1, Number(11.0)));
        assert_eq!((sum.charges.len(), sum.charges[0].amount.as_str()), (1, "51.5"));
        assert_eq!(sum.not_added.len(), 6, "{:?}", sum.not_added);
        serde_json::to_value(&sum).expect("JSON");
    }
}
