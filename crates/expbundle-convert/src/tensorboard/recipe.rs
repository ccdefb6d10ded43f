//! `recipe.json` and the status: what the hyperparameter plugin has, and Lightning's `hparams.yaml`
//! beside the event files.

use std::collections::BTreeSet;

use camino::Utf8Path;
use expbundle_format::Code;
use expbundle_format::record::{Status, role};
use expbundle_format::sections::{Artifact, Context, Direction, Link, Recipe};
use expbundle_trackers::tensorboard::{Run, Session};
use expbundle_trackers::wandb::Value;

use crate::hparams::{self, HPARAMS};
use crate::ledger::{Foreign as _, Ledger};
use crate::{parameters, roles};

pub(super) fn map(ledger: &mut Ledger<'_>, run: &Run, folder: &Utf8Path, context: &mut Context) -> Recipe {
    let mut recipe = Recipe::default();
    for (place, session) in &run.sessions {
        values(ledger, &mut recipe, place, session);
        facts(ledger, place, session, context);
    }
    for (number, (place, experiment)) in run.experiments.iter().enumerate() {
        if let Some(user) = &experiment.user {
            ledger.person("user of the experiment", user);
        }
        let name = if place.is_empty() { number.to_string() } else { format!("{number} in {place}") };
        ledger.item("experiment", &name).raw(&Value::Object(Box::new(experiment.rest.clone())));
    }
    match expbundle_trackers::read_text(&folder.join(HPARAMS)) {
        Ok(text) => text.iter().for_each(|text| hparams::map(ledger, &mut recipe, text)),
        Err(error) => ledger.finding(Code::SourceUnreadable, HPARAMS, error.to_string()),
    }
    ledger.body().status = Some(status(ledger, run));
    hparams::gaps(&mut recipe, ledger);
    recipe
}

/// Several sessions of one run may have other values: those of the first are the parameters.
fn values(ledger: &Ledger<'_>, recipe: &mut Recipe, place: &str, session: &Session) {
    let mut seen = BTreeSet::new();
    for (name, value) in &session.values {
        let tree = value.tree();
        let is_other = recipe.parameters.get(name).is_some_and(|known| *known != tree);
        if is_other || !seen.insert(name) {
            ledger.item("hyperparameter", &format!("{place}: {name}")).raw_tree(tree);
        } else {
            ledger.item("hyperparameter", name).mapped();
            parameters::add(recipe, name, tree);
        }
    }
}

fn facts(ledger: &mut Ledger<'_>, place: &str, session: &Session, context: &mut Context) {
    if let Some(uri) = &session.model_uri {
        ledger.item("session field", "model_uri").mapped();
        let mut artifact = Artifact::new(Direction::Output, roles::word(role::MODEL));
        artifact.name = Some("model".to_owned());
        if uri.contains("://") {
            artifact.uris.push(uri.clone());
        } else {
            ledger.address("model", Some(uri));
        }
        let message = format!("the bytes of the model are not here: {uri}");
        ledger.finding(Code::SourceMissing, "model_uri", message);
        ledger.artifact(artifact);
    }
    if let Some(url) = &session.monitor_url {
        ledger.item("session field", "monitor_url").mapped();
        context.links.push(Link { url: url.clone(), title: Some("monitor".to_owned()) });
    }
    let ended = session.end.and_then(|end| end.at_s);
    for (name, seconds) in [("start_time_secs", session.started_s), ("end_time_secs", ended)] {
        if let Some(seconds) = seconds {
            ledger.item("session field", &format!("{place} {name}")).raw(&Value::Float(seconds));
        }
    }
}

/// tensorboardX and PyTorch write that a session was a success before the training begins, and no
/// time of its end.
fn status(ledger: &mut Ledger<'_>, run: &Run) -> Status {
    let ends = || run.sessions.iter().filter_map(|(_, session)| session.end);
    let proven: BTreeSet<bool> = ends().filter(|end| end.at_s.is_some()).filter_map(|end| end.success).collect();
    match proven.first() {
        Some(false) => Status::Failed,
        Some(true) => Status::Finished,
        None => {
            if ends().any(|end| end.success.is_some()) {
                let message = "the end of the session was written at its start, without a time: the status is unknown";
                ledger.finding(Code::SourceLoss, "_hparams_/session_end_info", message);
            }
            Status::Unknown
        }
    }
}
