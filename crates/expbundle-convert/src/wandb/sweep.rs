//! A sweep: no run of its own at W&B, but what its runs are part of. Its record says its id and
//! nothing else, so every run of it names the same parent, whoever converts it and wherever.

use expbundle::draft::OneRecord;
use expbundle_format::record::{Kind, RecordBody, Source};
use expbundle_format::sections::Context;

use crate::gate::Draft;
use crate::{ConvertError, Options};

/// The record of a sweep, by the id that its runs name.
pub(super) fn bundle(id: &str, options: &Options<'_>) -> Result<OneRecord, ConvertError> {
    let mut body = RecordBody::new(Kind::Run);
    body.source = Some(Source { tool: "wandb".to_owned(), run: format!("sweep/{id}") });
    let mut draft = Draft::new(body, options);
    draft.json_section(Context { title: format!("sweep {id}"), ..Context::default() })?;
    draft.finish_without_source()
}
