//! `expbundle evaluation`: signed results that were measured after the run.

use expbundle_format::number::Number;
use expbundle_format::sections::Evaluation as Evaluated;
use expbundle_run::name_and_number;
use expbundle_statement::{Evaluated as Predicated, Predicate};

use crate::Outcome;
use crate::statements::StatementArguments;

/// Add signed results that were measured after the run
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  expbundle evaluation run.expb --result accuracy=0.93 --task question-answering --dataset mmlu --key key"
)]
pub struct Evaluation {
    #[command(flatten)]
    statement: StatementArguments,
    /// Metric and its value; can be repeated
    #[arg(long, value_name = "METRIC=NUMBER", required = true, value_parser = name_and_number)]
    result: Vec<(String, f64)>,
    /// Task, e.g. `image-classification`
    #[arg(long)]
    task: Option<String>,
    /// Data set
    #[arg(long)]
    dataset: Option<String>,
    /// Split of the data set
    #[arg(long)]
    split: Option<String>,
    /// Person or program that evaluated
    #[arg(long)]
    evaluator: Option<String>,
    /// Notes on the method, in markdown
    #[arg(long)]
    notes: Option<String>,
}

impl Evaluation {
    pub fn run(self) -> Outcome {
        let Self { statement, result, task, dataset, split, evaluator, notes } = self;
        let evaluations = result.into_iter().map(|(metric, value)| Evaluated {
            metric,
            value: Some(Number(value)),
            task: task.clone(),
            dataset: dataset.clone(),
            split: split.clone(),
            evaluator: evaluator.clone(),
            ..Evaluated::default()
        });
        statement.add(&Predicate::Evaluation(Predicated { evaluations: evaluations.collect(), notes }))
    }
}
