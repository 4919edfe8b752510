#!/usr/bin/env python3
"""Trains the fall forest and writes libs/VitalsFilter/FallForest.g.cs.

usage: train_falls.py DATA EVAL OUT [--sets a,b,...] [--loso DIR] [--date YYYY-MM-DD]

DATA   a folder of the form that `eval falls` reads (manifest.csv and the trials)
EVAL   the built evaluation program (tools/Eval, Release): the features come out of the band's own code
OUT    the C# file to write
--sets trains only on these data sets of the manifest
--date goes into the file's header; the only thing in it that does not follow from the data
--loso sets the lines of suspicion and scores every person with a forest trained without them, and every data set with one trained without it;
       writes what the band would have said as DIR/loso_50.csv and DIR/loso_25.csv (form of `eval falls --out`)

Needs numpy and scikit-learn (Debian: python3-sklearn, 1.2.1 was used). One thread and fixed seeds: the same data give the
same bytes. Subjects never stand on both sides of a split.
"""
import os

os.environ["OMP_NUM_THREADS"] = "1"
import csv
import datetime
import hashlib
import subprocess
import sys
import tempfile

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

TREES, DEPTH, UNIT = 120, 4, 64  # margins in 1/64 of log-odds
RATES, PHASES = (50, 25), (0, 9)  # every trial at both rates and at two sampling phases (ms)
COUNTED = ("weda40", "umafall", "hifd")  # falls that score_falls.py counts
# SmartFallMM falls end a moment after the impact: what follows is the evaluation's padding, not a person on the floor.
NOT_A_FALL_TO_LEARN = ("smartfallmm",)
# Where the two lines lie: the share of daily activities, of people not trained on, that stay below.
STRONG_SPECIFICITY, WEAK_SPECIFICITY, STEP = 0.983, 0.975, 32


def features(data, program):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for rate in RATES:
            for phase in PHASES:
                out = os.path.join(folder, "f.csv")
                subprocess.run([program, "features", "--data", data, "--out", out, "--rate", str(rate), "--phase", str(phase)],
                               check=True, stderr=subprocess.DEVNULL)
                rows += [r for r in csv.DictReader(open(out)) if r["is_fall"] in ("0", "1")]
    count = sum(1 for k in rows[0] if k[0] == "f" and k[1:].isdigit())
    return rows, np.array([[int(r[f"f{i}"]) for i in range(count)] for r in rows], dtype=np.float32)


def window(row):
    """The time in which a suspicion counts for a fall trial, as in score_falls.py."""
    low = float(row["onset_ms"] or row["impact_ms"] or 0) - 500
    high = float(row["impact_ms"]) + 10000 if row["impact_ms"] else 1e12
    return low, high


def labels(rows):
    """1 the event nearest to the impact of a fall, 0 an event of daily activity (also well before the fall), -1 unknown."""
    y = np.zeros(len(rows), int)
    nearest = {}
    for i, row in enumerate(rows):
        if row["is_fall"] == "0":
            continue
        y[i] = -1
        if not row["impact_ms"]:
            continue
        low, _ = window(row)
        distance = abs(float(row["peak_ms"]) - float(row["impact_ms"]))
        if float(row["peak_ms"]) < low - 1000:
            y[i] = 0
        elif float(row["peak_ms"]) >= low and distance < 1500 and row["dataset"] not in NOT_A_FALL_TO_LEARN:
            key = (row["file"], row["rate_hz"], row["phase_ms"])
            if key not in nearest or distance < nearest[key][0]:
                nearest[key] = (distance, i)
    for _, i in nearest.values():
        y[i] = 1
    return y


def fit(X, y):
    known = y >= 0
    model = HistGradientBoostingClassifier(max_iter=TREES, max_depth=DEPTH, learning_rate=0.1, l2_regularization=5,
                                           min_samples_leaf=40, early_stopping=False, random_state=0)
    model.fit(X[known], y[known])
    return quantise(model)


def quantise(model):
    """Complete trees, breadth first; a leaf above the last level fills both of its halves."""
    nodes, leaves = 2 ** DEPTH - 1, 2 ** DEPTH
    feature = np.zeros((TREES, nodes), int)
    threshold = np.full((TREES, nodes), 32767, int)
    leaf = np.zeros((TREES, leaves), int)

    def place(tree, source, at, position, t):
        node = source[at]
        if position >= nodes:
            leaf[t, position - nodes] = int(np.clip(round(float(node["value"]) * UNIT), -128, 127))
        elif node["is_leaf"]:
            place(tree, source, at, 2 * position + 1, t)
            place(tree, source, at, 2 * position + 2, t)
        else:
            feature[t, position] = int(node["feature_idx"])
            threshold[t, position] = int(np.clip(np.floor(node["num_threshold"]), -32768, 32766))
            place(tree, source, int(node["left"]), 2 * position + 1, t)
            place(tree, source, int(node["right"]), 2 * position + 2, t)

    for t, predictors in enumerate(model._predictors):
        place(t, predictors[0].nodes, 0, 0, t)
    return {"bias": int(round(float(np.ravel(model._baseline_prediction)[0]) * UNIT)),
            "feature": feature, "threshold": threshold, "leaf": leaf}


def margins(forest, X):
    """The same integer sum as FallForest.Margin."""
    rows = np.arange(len(X))
    total = np.full(len(X), forest["bias"])
    nodes = 2 ** DEPTH - 1
    for t in range(TREES):
        at = np.zeros(len(X), int)
        for _ in range(DEPTH):
            left = X[rows, forest["feature"][t, at]] <= forest["threshold"][t, at]
            at = 2 * at + np.where(left, 1, 2)
        total += forest["leaf"][t, at - nodes]
    return total


def held_out(rows, X, y, groups):
    scores = np.zeros(len(rows), int)
    names = np.unique(groups)
    for n, name in enumerate(names):
        test = groups == name
        scores[test] = margins(fit(X[~test], y[~test]), X[test])
        print(f"\r  {n + 1} of {len(names)} left out", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return scores


def best_per_trial(rows, scores, rate, phase=0):
    best = {}
    for row, score in zip(rows, scores):
        if row["rate_hz"] != str(rate) or row["phase_ms"] != str(phase):
            continue
        if row["is_fall"] == "1":
            low, high = window(row)
            if not low <= float(row["t_ms"]) <= high:
                continue
        best[row["file"]] = max(best.get(row["file"], -10 ** 6), int(score))
    return best


def figures(manifest, best, line):
    def share(entries):
        hits = sum(best.get(e["file"], -10 ** 6) >= line for e in entries)
        return f"{hits}/{len(entries)} = {hits / len(entries):.4f}" if entries else "-"

    falls = [e for e in manifest if e["is_fall"] == "1"]
    daily = [e for e in manifest if e["is_fall"] == "0"]
    lines = [f"  falls counted {share([e for e in falls if e['dataset'] in COUNTED])}; daily with an alarm {share(daily)}; "
             f"of elders {share([e for e in daily if e['age_group'] == 'elder'])}"]
    for name in sorted({e["dataset"] for e in falls + daily}):
        lines.append(f"    {name:12s} falls {share([e for e in falls if e['dataset'] == name])}; "
                     f"daily with an alarm {share([e for e in daily if e['dataset'] == name])}")
    return "\n".join(lines)


def line_for(manifest, best, specificity):
    """The lowest margin at which this share of the daily trials has no alarm."""
    daily = sorted(best.get(e["file"], -10 ** 6) for e in manifest if e["is_fall"] == "0")
    return daily[int(np.ceil(specificity * len(daily))) - 1] + 1


def write(path, forest, strong, weak, sets, people, digest, date, arguments):
    def table(kind, name, values):
        flat = [str(v) for v in np.ravel(values)]
        body = "\n".join("            " + ", ".join(flat[i:i + 20]) + "," for i in range(0, len(flat), 20))
        return f"        private static readonly {kind}[] {name} =\n        {{\n{body}\n        }};\n"

    text = f"""// <auto-generated>
// Written by tools/train/train_falls.py; train again instead of editing. Model card: docs/fall-model.md.
// Data sets: {', '.join(sets)}; {people} people.
// Command:   tools/train/train_falls.py {arguments}
// Date:      {date}. SHA-256 of the features and labels trained on begins with {digest}.
// </auto-generated>
namespace ElderBand.VitalsFilter
{{
    public static partial class FallForest
    {{
        /// <summary>Margin from which a fall is suspected at once, at 50 Hz.</summary>
        public const int Strong50Hz = {strong[0]};

        /// <summary>The same at 25 Hz: half as many samples see lower peaks.</summary>
        public const int Strong25Hz = {strong[1]};

        /// <summary>Margin from which lying still is watched, at 50 Hz.</summary>
        public const int Weak50Hz = {weak[0]};

        /// <summary>The same at 25 Hz.</summary>
        public const int Weak25Hz = {weak[1]};

        /// <summary>What one step of sensitivity moves both lines by.</summary>
        public const int SensitivityStep = {STEP};

        private const int Trees = {TREES};
        private const int Depth = {DEPTH};
        private const int Bias = {forest['bias']};

{table('byte', 'Feature', forest['feature'])}
{table('short', 'Threshold', forest['threshold'])}
{table('sbyte', 'Leaf', forest['leaf'])}    }}
}}
"""
    with open(path, "w", newline="\n") as out:
        out.write(text)


def main():
    args, options = [], {}
    rest = sys.argv[1:]
    while rest:
        word = rest.pop(0)
        if word in ("--sets", "--loso", "--date") and rest:
            options[word[2:]] = rest.pop(0)
        else:
            args.append(word)
    if len(args) != 3:
        sys.exit(__doc__)
    data, program, out = args
    manifest = [e for e in csv.DictReader(open(os.path.join(data, "manifest.csv"))) if e["is_fall"] in ("0", "1")]
    rows, X = features(data, program)
    if "sets" in options:
        chosen = options["sets"].split(",")
        manifest = [e for e in manifest if e["dataset"] in chosen]
        keep = np.array([r["dataset"] in chosen for r in rows])
        rows, X = [r for r, k in zip(rows, keep) if k], X[keep]
    y = labels(rows)
    subjects = np.array([r["subject"] for r in rows])
    sets = sorted({r["dataset"] for r in rows})
    print(f"{len(rows)} events of {len(np.unique(subjects))} people: {np.sum(y == 1)} falls, {np.sum(y == 0)} daily, {np.sum(y < 0)} left out")

    strong, weak = [0, 0], [-UNIT, -UNIT]
    if "loso" in options:
        scores = held_out(rows, X, y, subjects)
        bests = [best_per_trial(rows, scores, rate) for rate in RATES]
        strong = [line_for(manifest, best, STRONG_SPECIFICITY) for best in bests]
        weak = [line_for(manifest, best, WEAK_SPECIFICITY) for best in bests]
        os.makedirs(options["loso"], exist_ok=True)
        for n, (rate, best) in enumerate(zip(RATES, bests)):
            print(f"leave one person out, {rate} Hz, strong line {strong[n]}")
            print(figures(manifest, best, strong[n]))
            print(f"leave one person out, {rate} Hz, weak line {weak[n]} (an upper bound: as if lying still always followed)")
            print(figures(manifest, best, weak[n]))
            with open(os.path.join(options["loso"], f"loso_{rate}.csv"), "w") as events:
                events.write("file,t_ms,kind,score\n")
                for row, score in zip(rows, scores):
                    if row["rate_hz"] == str(rate) and row["phase_ms"] == "0" and score >= strong[n]:
                        events.write(f"{row['file']},{row['t_ms']},suspected,{score}\n")
        scores = held_out(rows, X, y, np.array([r["dataset"] for r in rows]))
        for n, rate in enumerate(RATES):
            print(f"leave one data set out, {rate} Hz, strong line {strong[n]}")
            print(figures(manifest, best_per_trial(rows, scores, rate), strong[n]))

    digest = hashlib.sha256(X.astype("<i4").tobytes() + y.astype("<i4").tobytes()).hexdigest()[:16]
    date = options.get("date", datetime.date.today().isoformat())
    arguments = "DATA EVAL OUT" + (f" --sets {options['sets']}" if "sets" in options else "") + (" --loso DIR" if "loso" in options else "")
    write(out, fit(X, y), strong, weak, sets, len(np.unique(subjects)), digest, date, f"{arguments} --date {date}")


main()
