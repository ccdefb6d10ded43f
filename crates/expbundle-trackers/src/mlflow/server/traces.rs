//! Traces that name a run, since MLflow 3.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::client::{Client, ServerError};
use super::run::missing;
use super::{Pages, array, pages};
use crate::finding::{SourceCode, SourceFinding};
use crate::members::Members;
use crate::mlflow::run::{Run, Trace};

/// Traces of a page, and of a run.
const PAGE: u64 = 100;
const MOST: u64 = 100_000;
/// Bytes of the spans of a run, as JSON.
const MOST_BYTES: usize = 256 << 20;

/// Reads the traces of a run. A server that has none to give is a finding.
pub(super) fn read(client: &Client, run: &mut Run) {
    let infos = match infos(client, run) {
        Ok(infos) => infos,
        Err(error) => {
            run.findings.push(missing("traces", &error));
            return;
        }
    };
    let mut bytes = 0;
    for (id, info) in infos {
        let mut spans = Vec::new();
        if bytes <= MOST_BYTES {
            match self::spans(client, &id) {
                Ok(read) => spans = read,
                Err(error) => run.findings.push(missing(&format!("traces/{id}"), &error)),
            }
            bytes += spans.iter().map(|span| span.to_string().len()).sum::<usize>();
        }
        if bytes > MOST_BYTES {
            let detail = format!("the spans of a run have more than {MOST_BYTES} bytes; they were left out");
            run.findings.push(SourceFinding::new(SourceCode::Truncated, format!("traces/{id}"), detail));
            spans.clear();
        }
        run.traces.push(Trace { id, info, spans });
    }
    run.found.traces = run.traces.len() as u64;
}

/// What the server says of each trace, by its id.
fn infos(client: &Client, run: &mut Run) -> Result<BTreeMap<String, Map<String, Value>>, ServerError> {
    let id = &run.info.run_id;
    // It stands in quotes in the question.
    if !id.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        return Err(ServerError::Answer);
    }
    let experiment = json!({ "experiment_id": run.info.experiment_id });
    let question = json!({
        "locations": [{ "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": experiment }],
        "filter": format!("attributes.run_id = '{id}'"),
        "max_results": PAGE,
    });
    let ask = |token: Option<&str>| {
        let mut question = question.clone();
        if let Some(token) = token {
            question["page_token"] = token.into();
        }
        client.post("api/3.0/mlflow/traces/search", &question)
    };
    let mut infos = BTreeMap::new();
    let mut add = |mut info: Map<String, Value>| infos.extend(info.take_text("trace_id").map(|id| (id, info)));
    let Pages { items, ended } = pages(ask, "traces", MOST, &mut add)?;
    if !ended {
        let detail = format!("the server did not come to an end after {items} traces");
        run.findings.push(SourceFinding::new(SourceCode::Truncated, "traces", detail));
    }
    Ok(infos)
}

fn spans(client: &Client, id: &str) -> Result<Vec<Value>, ServerError> {
    let mut answer = client.get("ajax-api/2.0/mlflow/get-trace-artifact", &[("request_id", id)])?;
    Ok(array(answer.remove("spans")).collect())
}
