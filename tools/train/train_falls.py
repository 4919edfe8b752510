#!/usr/bin/env python3
"""Trains the fall forest and writes libs/VitalsFilter/FallForest.g.cs.

usage: train_falls.py DATA EVAL OUT [--sets a,b,...] [--loso DIR] [--date YYYY-MM-DD]

DATA   a folder of the form that `eval falls` reads (manifest.csv and the trials)
EVAL   the built evaluation program (tools/Eval, Release): the features come out of the band's own code
OUT    the C# file to write
--sets trains only on these data sets of the manifest; the figures are of everybody all the same
--date goes into the file's header; the only thing in it that does not follow from the data
--loso scores every person with a forest trained without them, and every data set with one trained without it, and sets the lines of
       suspicion; writes what the band would have said as DIR/person_50.csv, person_25.csv, set_50.csv and set_25.csv (form of
       `eval falls --out`; card_tables.py makes the model card's tables of them). Without it the lines are 0.

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

TREES, DEPTH, UNIT = 112, 4, 64  # margins in 1/64 of log-odds
RATES = (50, 25)  # every trial at both rates,
COPIES = ((0, 0), (4, 1), (8, 2), (12, 3), (16, 4))  # as recorded and in four variations: sampling phase (ms), variation
COUNTED = ("weda40", "umafall", "hifd")  # falls that score_falls.py counts
# SmartFallMM falls end a moment after the impact: what follows is the evaluation's padding, not a person on the floor.
NOT_A_FALL_TO_LEARN = ("smartfallmm",)
# Where the lines lie: the share of daily activities, of people not trained on, without an alarm at once, and without any (an alarm after
# lying still included: the evaluation holds still for 75 s after every trial).
STRONG_SPECIFICITY, ANY_SPECIFICITY, STEP = 0.984, 0.9825, 32
NEVER = -10 ** 6
LONG_LIE_STILL_MS = 25_000  # LongLieWatch.StillS: a late suspicion comes no sooner


def features(data, program):
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for rate in RATES:
            for phase, variation in COPIES:
                out = os.path.join(folder, "f.csv")
                subprocess.run([program, "features", "--data", data, "--out", out, "--rate", str(rate), "--phase", str(phase),
                                "--variation", str(variation)], check=True, stderr=subprocess.DEVNULL)
                with open(out) as file:
                    rows += [r for r in csv.DictReader(file) if r["is_fall"] in ("0", "1")]
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
    model = HistGradientBoostingClassifier(max_iter=TREES, max_depth=DEPTH, learning_rate=0.2, l2_regularization=5,
                                           min_samples_leaf=100, early_stopping=False, random_state=0)
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


def held_out(X, y, groups, chosen):
    """Margins of every event by a forest that learned from the chosen events of all other groups."""
    scores = np.zeros(len(y), int)
    names = np.unique(groups)
    everything = None
    for n, name in enumerate(names):
        test = groups == name
        if np.any(test & chosen):
            forest = fit(X[chosen & ~test], y[chosen & ~test])
        else:
            forest = everything = everything or fit(X[chosen], y[chosen])
        scores[test] = margins(forest, X[test])
        print(f"\r  {n + 1} of {len(names)} left out", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return scores


class Trials:
    """The events of one rate, as recorded, by trial."""

    def __init__(self, manifest, rows, scores, rate):
        self.falls = [e["file"] for e in manifest if e["is_fall"] == "1"]
        self.daily = [e["file"] for e in manifest if e["is_fall"] == "0"]
        self.entry = {e["file"]: e for e in manifest}
        self.events = [(r, int(s)) for r, s in zip(rows, scores) if r["rate_hz"] == str(rate) and r["phase_ms"] == "0"]
        self.strong, self.still = {}, {}
        for row, score in self.events:
            file = row["file"]
            if row["is_fall"] == "1":
                low, high = window(row)
                if not low <= float(row["t_ms"]) <= high:
                    continue
            self.strong[file] = max(self.strong.get(file, NEVER), score)
            if row["is_fall"] == "0" and row["lies_still"] == "1":
                self.still[file] = max(self.still.get(file, NEVER), score)

    def lines(self, without=None):
        """The lowest lines at which these shares of the daily trials stay without an alarm at once and without any."""
        daily = [f for f in self.daily if self.entry[f]["subject"] != without]
        strong = lowest(sorted(self.strong.get(f, NEVER) for f in daily), STRONG_SPECIFICITY)
        alarmed = sum(self.strong.get(f, NEVER) >= strong for f in daily)
        late = sorted(self.still.get(f, NEVER) for f in daily if self.strong.get(f, NEVER) < strong)
        allowed = max(int((1 - ANY_SPECIFICITY) * len(daily)) - alarmed, 0)
        return strong, min(late[len(late) - 1 - allowed] + 1, strong)

    def found(self, file, strong, weak):
        return self.strong.get(file, NEVER) >= strong or self.still.get(file, NEVER) >= weak

    def figures(self, strong, weak):
        def share(files):
            hits = sum(self.found(f, strong, weak) for f in files)
            return f"{hits}/{len(files)} = {hits / len(files):.4f}" if files else "-"

        at = lambda files, name: [f for f in files if self.entry[f]["dataset"] == name]
        lines = [f"  lines {strong} and {weak}: falls {share([f for f in self.falls if self.entry[f]['dataset'] in COUNTED])}; daily with an alarm "
                 f"{share(self.daily)}; of elders {share([f for f in self.daily if self.entry[f]['age_group'] == 'elder'])}"]
        for name in sorted({e["dataset"] for e in self.entry.values()}):
            lines.append(f"    {name:12s} falls {share(at(self.falls, name))}; daily with an alarm {share(at(self.daily, name))}")
        return "\n".join(lines)

    def nested(self):
        """Every person judged with lines from the other people's scores."""
        lines = {s: self.lines(s) for s in {e["subject"] for e in self.entry.values()}}
        hit = lambda f: self.found(f, *lines[self.entry[f]["subject"]])
        falls = [f for f in self.falls if self.entry[f]["dataset"] in COUNTED]
        return f"  lines from the other people: falls {sum(map(hit, falls))}/{len(falls)}; daily with an alarm {sum(map(hit, self.daily))}/{len(self.daily)}"

    def write(self, path, strong, weak):
        with open(path, "w") as out:
            out.write("file,t_ms,kind,score\n")
            for row, score in self.events:
                if score >= strong:
                    out.write(f"{row['file']},{row['t_ms']},suspected,{score}\n")
                elif score >= weak and row["lies_still"] == "1":
                    out.write(f"{row['file']},{int(row['t_ms']) + LONG_LIE_STILL_MS},suspected,{score}\n")


def lowest(ascending, share):
    return ascending[int(np.ceil(share * len(ascending))) - 1] + 1


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
    y = labels(rows)
    subjects = np.array([r["subject"] for r in rows])
    datasets = np.array([r["dataset"] for r in rows])
    sets = sorted(options["sets"].split(",")) if "sets" in options else sorted(set(datasets))
    chosen = np.isin(datasets, sets)
    people = len(np.unique(subjects[chosen]))
    print(f"{np.sum(chosen)} events of {people} people: {np.sum(chosen & (y == 1))} falls, {np.sum(chosen & (y == 0))} daily, "
          f"{np.sum(chosen & (y < 0))} left out")

    lines = [(0, 0), (0, 0)]
    if "loso" in options:
        os.makedirs(options["loso"], exist_ok=True)
        for what, groups in (("person", subjects), ("set", datasets)):
            scores = held_out(X, y, groups, chosen)
            for n, rate in enumerate(RATES):
                trials = Trials(manifest, rows, scores, rate)
                if what == "person":
                    lines[n] = trials.lines()
                print(f"leave one {what} out, {rate} Hz")
                print(trials.figures(*lines[n]))
                if what == "person":
                    print(trials.nested())
                trials.write(os.path.join(options["loso"], f"{what}_{rate}.csv"), *lines[n])
    strong, weak = [line[0] for line in lines], [line[1] for line in lines]

    X, y = X[chosen], y[chosen]
    digest = hashlib.sha256(X.astype("<i4").tobytes() + y.astype("<i4").tobytes()).hexdigest()[:16]
    date = options.get("date", datetime.date.today().isoformat())
    arguments = "DATA EVAL OUT" + (f" --sets {options['sets']}" if "sets" in options else "") + (" --loso DIR" if "loso" in options else "")
    write(out, fit(X, y), strong, weak, sets, people, digest, date, f"{arguments} --date {date}")


main()
