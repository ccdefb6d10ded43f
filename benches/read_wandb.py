"""The peer of `convert wandb`: wandb's own Python reader, every history value parsed. `read_wandb.py FILE` in wandb's environment."""

import json
import sys

from wandb.proto import wandb_internal_pb2
from wandb.sdk.internal.datastore import DataStore

store = DataStore()
store.open_for_scan(sys.argv[1])
rows = values = 0
while (data := store.scan_data()) is not None:
    record = wandb_internal_pb2.Record()
    record.ParseFromString(data)
    if record.WhichOneof("record_type") == "history":
        rows += 1
        for item in record.history.item:
            json.loads(item.value_json)
            values += 1
print(json.dumps({"rows": rows, "values": values}))
