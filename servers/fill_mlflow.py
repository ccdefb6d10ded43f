"""Logs runs of every kind to an MLflow server: `fill_mlflow.py ADDRESS`."""

import math
import sys

import mlflow
import numpy
import pandas
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression

mlflow.set_tracking_uri(sys.argv[1])
experiment = mlflow.set_experiment("digits")
client = MlflowClient()
client.set_experiment_tag(experiment.experiment_id, "mlflow.note.content", "which width is enough")


@mlflow.trace
def answered(question):
    return question.upper()


with mlflow.start_run(run_name="mlp", description="why it was trained"):
    mlflow.log_params({"lr": 0.1, "layers": 3, "über": "größer"})
    mlflow.set_tag("team", "a")
    for step in range(300):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    for step, value in [(1, math.nan), (2, math.inf), (3, -math.inf), (2**53 + 1, 0.1 + 0.2)]:
        mlflow.log_metric("odd", value, step=step)
    mlflow.log_metric("system/cpu_utilization_percentage", 5.0, step=0)
    mlflow.log_text("hello", "notes/a b.txt")
    mlflow.log_text("100 %", "notes/100% größer.txt")
    mlflow.log_dict({"width": 64}, "config.json")
    data = mlflow.data.from_pandas(pandas.DataFrame({"a": [1, 2, 3]}), name="tiny")
    mlflow.log_input(data, context="training")
    model = LogisticRegression().fit(numpy.array([[0.0], [1.0]]), [0, 1])
    logged = mlflow.sklearn.log_model(model, name="model", registered_model_name="digits-model")
    mlflow.log_metric("accuracy", 0.9, step=3, model_id=logged.model_id, dataset=data)
    answered("what is it?")
    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("accuracy", 1.0)
client.set_registered_model_alias("digits-model", "champion", 1)

with mlflow.start_run(run_name="gone") as gone:
    mlflow.log_param("x", 1)
client.delete_run(gone.info.run_id)

try:
    with mlflow.start_run(run_name="failed"):
        raise RuntimeError("as it happens")
except RuntimeError:
    pass

long = client.create_run(experiment.experiment_id, run_name="long").info.run_id
for first in range(0, 30_000, 1000):
    points = [mlflow.entities.Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(first, first + 1000)]
    client.log_batch(long, metrics=points)
client.set_terminated(long)
mlflow.flush_trace_async_logging()
