//! What a run is told piece by piece, as it happens.

use std::collections::BTreeMap;

use expbundle_format::record::Status;
use expbundle_format::sections::{Charge, Evaluation, Event, ResourceUse};
use expbundle_format::time::Time;
use serde_json::{Value, json};

use crate::error::RunError;
use crate::keep::Part;
use crate::param::Param;
use crate::run::Run;

impl Run {
    /// Parameters. The last value of a name counts.
    pub fn add_params(&mut self, params: impl IntoIterator<Item = (String, Param)>) -> Result<(), RunError> {
        let params: BTreeMap<String, Value> =
            params.into_iter().map(|(name, value)| (name, value.into_value())).collect();
        self.recipe.parameters.extend(params.clone());
        self.keep_more(Part::Recipe, |_| json!({ "parameters": params }))
    }

    /// Something that happened around the run.
    pub fn add_event(&mut self, event: Event) -> Result<(), RunError> {
        self.events.events.push(event);
        self.keep_more(Part::Events, |run| json!({ "events": run.events.events.last().as_slice() }))
    }

    /// What the run used of a resource.
    pub fn add_use(&mut self, used: ResourceUse) -> Result<(), RunError> {
        self.cost.resources.push(used);
        self.keep_more(Part::Cost, |run| json!({ "resources": run.cost.resources.last().as_slice() }))
    }

    /// What was charged for it.
    pub fn add_charge(&mut self, charge: Charge) -> Result<(), RunError> {
        self.cost.charges.push(charge);
        self.keep_more(Part::Cost, |run| json!({ "charges": run.cost.charges.last().as_slice() }))
    }

    /// A result of an evaluation that was part of the run.
    pub fn add_evaluation(&mut self, evaluation: Evaluation) -> Result<(), RunError> {
        self.evaluations.evaluations.push(evaluation);
        self.keep_more(Part::Evaluations, |run| json!({ "evaluations": run.evaluations.evaluations.last().as_slice() }))
    }

    /// How and when it ended. What is not given stays as it was told before. It comes into the
    /// journal with the next call, or by [`Run::keep`].
    pub fn end(&mut self, status: Option<Status>, ended: Option<Time>) {
        let body = self.body_mut();
        body.status = status.or(body.status);
        body.ended = ended.or(body.ended);
    }

    /// The status that it was told, if any.
    pub fn told_status(&self) -> Option<Status> {
        self.draft.body().status
    }

    /// The end that it was told, if any.
    pub fn told_end(&self) -> Option<Time> {
        self.draft.body().ended
    }
}
