//! What a run was about, and the code and software that ran.

use std::collections::BTreeMap;

use expbundle_format::sections::{Code, Context, Environment, Group, Hardware, JsonSection as _, Link, Recipe};
use serde_json::json;

use crate::error::RunError;
use crate::run::Run;

impl Run {
    /// Words with values to find it by. The last value of a name counts.
    ///
    /// # Errors
    /// [`RunError::Secrets`]: none of them is taken. The same is true of the other calls here.
    pub fn add_labels(&mut self, labels: impl IntoIterator<Item = (String, String)>) -> Result<(), RunError> {
        let labels: BTreeMap<String, String> = labels.into_iter().collect();
        self.tell(Context::NAME, &json!({ "labels": labels }))
    }

    /// A project, experiment, sweep or group that it belongs to: the outermost first.
    pub fn add_group(&mut self, group: &Group) -> Result<(), RunError> {
        self.tell(Context::NAME, &json!({ "groups": [group] }))
    }

    /// An issue, a paper, a page.
    pub fn add_link(&mut self, link: &Link) -> Result<(), RunError> {
        self.tell(Context::NAME, &json!({ "links": [link] }))
    }

    /// The code that ran. What is not given stays as it was told before; the same is true of the two
    /// below.
    pub fn add_code(&mut self, code: &Code) -> Result<(), RunError> {
        self.tell(Recipe::NAME, &json!({ "code": code }))
    }

    /// The software around it.
    pub fn add_environment(&mut self, environment: &Environment) -> Result<(), RunError> {
        self.tell(Recipe::NAME, &json!({ "environment": environment }))
    }

    /// The machine, without its name.
    pub fn add_hardware(&mut self, hardware: &Hardware) -> Result<(), RunError> {
        self.tell(Recipe::NAME, &json!({ "hardware": hardware }))
    }
}
