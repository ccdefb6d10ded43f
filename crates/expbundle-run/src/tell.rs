//! What a run is told piece by piece, as it happens.

use std::collections::BTreeMap;

use expbundle::figure::{self, Decimal};
use expbundle_convert::scrub::Scrubber;
use expbundle_format::record::Status;
use expbundle_format::sections::{
    Charge, Context, Cost, Evaluation, Evaluations, Event, EventSeverity, Events, JsonSection as _, Recipe,
    ResourceUse, SourceSection,
};
use expbundle_format::time::Time;
use serde_json::{Value, json};

use crate::error::RunError;
use crate::keep::Part;
use crate::param::Param;
use crate::run::Run;

impl Run {
    /// Parameters. The last value of a name counts.
    ///
    /// # Errors
    /// [`RunError::Secrets`]: none of them is taken. What only several calls together show is found
    /// when the run is finished. The same is true of the other calls here.
    pub fn add_params(&mut self, params: impl IntoIterator<Item = (String, Param)>) -> Result<(), RunError> {
        let params: BTreeMap<String, Value> =
            params.into_iter().map(|(name, value)| (name, value.into_value())).collect();
        self.refuse_secrets(Recipe::NAME, json!({ "parameters": params }))?;
        self.recipe.parameters.extend(params.clone());
        self.keep_more(Part::Recipe, |_| json!({ "parameters": params }))
    }

    /// The same where nobody is there to mend what is refused, as in a training that goes on: what
    /// looks like a secret is replaced by a marker, as converters do, and an event counts it. Gives
    /// the places.
    pub fn add_params_without_secrets(
        &mut self,
        params: impl IntoIterator<Item = (String, Param)>,
    ) -> Result<Vec<(String, &'static str)>, RunError> {
        let params: BTreeMap<String, Value> =
            params.into_iter().map(|(name, value)| (name, value.into_value())).collect();
        let mut told = json!({ "parameters": params });
        let mut scrubber = Scrubber::new(&self.allow_secrets);
        scrubber.value(Recipe::NAME, &mut told);
        let found = scrubber.places();
        let params = told.get_mut("parameters").map(Value::take);
        if let Some(Value::Object(params)) = params {
            self.recipe.parameters.extend(params.clone());
            self.keep_more(Part::Recipe, |_| json!({ "parameters": params }))?;
        }
        let number = scrubber.found().map(|(_, _, number)| number).sum::<u64>();
        if number > 0 {
            let values = if number == 1 { "1 value" } else { "values" };
            let text = if number == 1 {
                format!("{values} of the parameters looked like a secret, and a marker stands for it")
            } else {
                format!("{number} {values} of the parameters looked like secrets, and markers stand for them")
            };
            let details = BTreeMap::from([("values".to_owned(), json!(number))]);
            let kind = "redaction".to_owned();
            self.add_event(Event {
                kind,
                severity: EventSeverity::Warning,
                text: Some(text),
                details,
                ..Event::default()
            })?;
        }
        Ok(found)
    }

    /// Words to find it by.
    pub fn add_tags(&mut self, tags: Vec<String>) -> Result<(), RunError> {
        self.refuse_secrets(Context::NAME, json!({ "tags": tags }))?;
        self.context().tags.extend(tags);
        self.keep_unless_held()
    }

    /// A paragraph of the notes in Markdown, behind those that are there.
    pub fn add_note(&mut self, text: &str) -> Result<(), RunError> {
        self.refuse_secrets(Context::NAME, json!({ "notes": text }))?;
        let notes = &mut self.context().notes;
        *notes = Some(notes.take().map_or_else(|| text.to_owned(), |notes| format!("{notes}\n\n{text}")));
        self.keep_unless_held()
    }

    /// Something that happened around the run.
    pub fn add_event(&mut self, event: Event) -> Result<(), RunError> {
        self.refuse_secrets(Events::NAME, json!({ "events": [event] }))?;
        self.events.events.push(event);
        self.keep_more(Part::Events, |run| json!({ "events": run.events.events.last().as_slice() }))
    }

    /// What the run used of a resource: an amount that sums of a family can add.
    pub fn add_use(&mut self, used: ResourceUse) -> Result<(), RunError> {
        figure::resource(&used).map_err(|why| RunError::Figure {
            figure: format!("amount of {}", used.resource),
            amount: used.amount.to_string(),
            why,
        })?;
        self.refuse_secrets(Cost::NAME, json!({ "resources": [used] }))?;
        self.cost.resources.push(used);
        self.keep_more(Part::Cost, |run| json!({ "resources": run.cost.resources.last().as_slice() }))
    }

    /// What was charged for it, in a currency by its ISO 4217 code: an amount that sums of a family
    /// can add.
    pub fn add_charge(&mut self, charge: Charge) -> Result<(), RunError> {
        let amounts = [("charge", Some(&charge.amount)), ("rate", charge.rate.as_ref())];
        for (figure, amount) in amounts.into_iter().filter_map(|(figure, amount)| Some((figure, amount?))) {
            amount.parse::<Decimal>().map_err(|why| RunError::Figure {
                figure: figure.to_owned(),
                amount: amount.clone(),
                why,
            })?;
        }
        if charge.currency.len() != 3 || !charge.currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(RunError::Currency(charge.currency));
        }
        self.refuse_secrets(Cost::NAME, json!({ "charges": [charge] }))?;
        self.cost.charges.push(charge);
        self.keep_more(Part::Cost, |run| json!({ "charges": run.cost.charges.last().as_slice() }))
    }

    /// A result of an evaluation that was part of the run.
    pub fn add_evaluation(&mut self, evaluation: Evaluation) -> Result<(), RunError> {
        self.refuse_secrets(Evaluations::NAME, json!({ "evaluations": [evaluation] }))?;
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

    /// Puts back what [`Run::told_status`] and [`Run::told_end`] gave, also if that was nothing.
    pub fn end_as_told(&mut self, status: Option<Status>, ended: Option<Time>) {
        let body = self.body_mut();
        (body.status, body.ended) = (status, ended);
    }

    /// Refuses what looks like a secret before the run has it: hours later it may be too late to
    /// mend. Names and values stand as they will in the section.
    pub(crate) fn refuse_secrets(&self, section: &str, mut told: Value) -> Result<(), RunError> {
        let mut scrubber = Scrubber::new(&self.allow_secrets);
        if section == SourceSection::NAME {
            // It has kinds of secrets for names, and counts.
            told.get_mut("account").map(Value::take);
        }
        scrubber.value(section, &mut told);
        let found = scrubber.places();
        if found.is_empty() { Ok(()) } else { Err(RunError::Secrets { found }) }
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.context.title
    }

    /// Whether a journal has what it was told.
    pub fn has_journal(&self) -> bool {
        self.journal.is_some()
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
