#!/usr/bin/env python3
"""Trains the pulse forest and writes libs/VitalsFilter/PulseForest.g.cs.

usage: train_pulse.py DATA EVAL OUT [--sets a,b,...] [--loso DIR] [--date YYYY-MM-DD]

DATA   a folder of the form that `eval hr` reads (manifest.csv, recordings, references)
EVAL   the built evaluation program (tools/Eval, Release): the features come out of the band's own code
OUT    the C# file to write
--sets trains only on these data sets of the manifest
--date goes into the file's header; the only thing in it that does not follow from the data
--loso scores every person with a forest trained without them and one more (DIR/loso.csv) and every data set with one trained without it
       (DIR/sets.csv); their arms are left out of the inventions too. Both in the form of `eval hr --out`, with the path that MotionTracker follows

The forest is not grown from single bins but from windows: all bins of a window, and "there is no pulse", share one softmax, so a
tree learns which bin is the heart's among those that are there. On each level of a tree all nodes ask the same question.
Needs numpy. One thread and fixed seeds: the same data give the same bytes. People never stand on both sides of a split.
"""
import os

os.environ["OMP_NUM_THREADS"] = "1"
import base64
import csv
import datetime
import hashlib
import subprocess
import sys
import tempfile

import numpy as np

TREES, DEPTH, UNIT = 40, 3, 64  # margins in 1/64 of log-odds
RATE, SHRINK, PART = 0.3, 20.0, 0.25
BINS, FIRST, BIN_BPM = 66, 11, 12.5 * 60 / 256
NEAR_BPM = 2.5  # how sharp a window of 8 s is
# A wrist in motion is the matter; one man's records and fingers at rest only say what else a pulse can look like.
WEIGHT = {"bami1": 1.0, "bami2": 1.0, "ppgtohr": 0.5}
OTHER_WEIGHT = 0.3
MOVING = ("bami1", "bami2", "ppgtohr")
# MotionTracker's path and its line of confidence.
MOVE_COST, ANEW, LOWEST, EVIDENCE = (0, 9, 30, 65, 100), 768, -384, 50
REPORT, STRIDE, MEMORY, LEAP, LEAP_PER_STEP = 180, 100, 30, 60, 5
# PulseForest's narrowing.
TREES_PER_ROUND, HOPELESS = 4, 224
ARM_FEATURE = 4


def windows(data, program, sets):
    rows, features = [], []
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "f.csv")
        subprocess.run([program, "pulse-features", "--data", data, "--out", out], check=True, stderr=subprocess.DEVNULL)
        for row in csv.DictReader(open(out)):
            if sets and row["dataset"] not in sets:
                continue
            features.append(np.frombuffer(base64.b64decode(row.pop("features")), np.uint8).reshape(-1, BINS))
            rows.append(row)
    features = np.array(features)
    references, truth = {}, np.full(len(rows), np.nan)
    for i, row in enumerate(rows):
        if row["ref"] not in references:
            kept = [(float(r["t_end_ms"]), float(r["hr_bpm_x10"]) / 10) for r in csv.DictReader(open(os.path.join(data, row["ref"])))
                    if r["suspect"] != "1" and r["hr_bpm_x10"] and float(r["hr_bpm_x10"]) > 0]
            references[row["ref"]] = np.array(kept).reshape(-1, 2)
        if row["channels"] == "none":
            truth[i] = 0
            continue
        ends, rates = references[row["ref"]].T
        t = float(row["t_ms"])
        if len(ends) and np.min(np.abs(ends - t)) < 2500:
            truth[i] = np.interp(t, ends, rates) * float(row["speed_x1000"]) / 1000
    return rows, features, truth


def fit(features, truth, weights):
    """Boosting on the softmax of each window; integers as on the band from the first tree on."""
    use = np.where((truth == 0) | ((truth > FIRST * BIN_BPM) & (truth < (FIRST + BINS - 1) * BIN_BPM)))[0]
    use = use[weights[use] > 0]
    truth, weights = truth[use], weights[use]
    count = features.shape[1]
    columns = np.ascontiguousarray(features[use].transpose(1, 0, 2))  # feature, window, bin
    rates = BIN_BPM * (FIRST + np.arange(BINS))
    wanted = np.exp(-0.5 * ((rates - truth[:, None]) / NEAR_BPM) ** 2)
    wanted /= wanted.sum(1, keepdims=True) + 1e-9  # nothing is wanted of a window without a pulse
    score = np.zeros((len(use), BINS), np.int32)
    random = np.random.default_rng(0)
    forest = []
    for _ in range(TREES):
        part = np.where(random.random(len(use)) < PART)[0]
        # "None of them" stands beside the bins with a score of 0.
        p = np.exp(score[part] / UNIT)
        p /= 1 + p.sum(1, keepdims=True)
        # Bins that are out of the question teach nothing.
        open_ = ((p > 0.002) | (wanted[part] > 0.002)).ravel()
        gradient = ((wanted[part] - p) * weights[part, None]).ravel()[open_]
        curvature = (np.maximum(p * (1 - p), 0.002) * weights[part, None]).ravel()[open_]
        x = [columns[f][part].ravel()[open_] for f in range(count)]
        leaf = np.zeros(len(gradient), np.int32)
        questions = []
        for level in range(DEPTH):
            best = (-1.0, 0, 0)
            for f in range(count):
                key = leaf * 256 + x[f]
                g = np.bincount(key, gradient, 256 << level).reshape(-1, 256).cumsum(1)
                h = np.bincount(key, curvature, 256 << level).reshape(-1, 256).cumsum(1)
                gain = (g ** 2 / (h + SHRINK) + (g[:, -1:] - g) ** 2 / (h[:, -1:] - h + SHRINK)).sum(0)
                at = int(gain.argmax())
                if gain[at] > best[0] + 1e-9:
                    best = (gain[at], f, at)
            questions.append(best[1:])
            leaf = leaf * 2 + (x[best[1]] > best[2])
        g, h = np.bincount(leaf, gradient, 1 << DEPTH), np.bincount(leaf, curvature, 1 << DEPTH)
        leaves = np.clip(np.round(RATE * UNIT * g / (h + SHRINK)), -127, 127).astype(int)
        forest.append((questions, leaves))
        score += tree(columns, questions, leaves)
    return forest


def tree(columns, questions, leaves):
    at = np.zeros(columns.shape[1:], np.int32)
    for feature, threshold in questions:
        at = at * 2 + (columns[feature] > threshold)
    return leaves[at]


def scores(forest, features):
    """The same integer sums as PulseForest.Judge."""
    columns = features.transpose(1, 0, 2)
    score = np.zeros(columns.shape[1:], int)
    open_ = np.ones(score.shape, bool)
    for n, (questions, leaves) in enumerate(forest):
        if n and n % TREES_PER_ROUND == 0:
            best = np.where(open_, score, -1 << 30).max(1, keepdims=True)
            open_ &= score > best - HOPELESS
        score += np.where(open_, tree(columns, questions, leaves), 0)
    return score


def toward_zero(a, b):
    """C#'s division."""
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def follow(score, arms, times):
    """The same integer path as MotionTracker.Follow: (rate x10, confidence) of every window."""
    path, said, last, evidence, apart, since = np.zeros(BINS, int), [], None, 0, 0, 0
    for now, arm, t in zip(score, arms, times):
        if last is None or not 0 < t - last < 5000:
            path[:] = 0
            evidence, apart = 0, 0
        last = t
        before = np.full(BINS + 8, -ANEW)
        before[4:-4] = path
        for move, cost in enumerate(MOVE_COST):
            for shift in {-move, move}:
                path = np.maximum(path, before[4 + shift:4 + shift + BINS] - cost)
        path = np.maximum(path, -ANEW)
        news = np.maximum(now - now.max(), LOWEST)
        path = path + -(-news * EVIDENCE // 100)  # towards zero, as all are below it
        best = int(path.argmax())
        path = path - path[best]
        peak = best
        for i in range(max(best - 2, 0), min(best + 3, BINS)):
            peak = i if now[i] > now[peak] else peak
        fraction = 0
        if 0 < peak < BINS - 1:
            low, high = int(now[peak - 1]), int(now[peak + 1])
            curve = low + high - 2 * int(now[peak])
            fraction = max(-128, min(128, toward_zero(128 * (low - high), curve))) if curve < 0 else 0
        rate = ((FIRST + peak) * 256 + fraction) * 7500 // 65536
        evidence += toward_zero(int(now[peak]) - evidence, 4)
        confidence = max(0, min(100, 60 + toward_zero(evidence - REPORT, 4)))
        since += 1
        if arm[max(peak - 1, 0):peak + 2].max() < STRIDE:
            if evidence >= REPORT:
                apart, since = rate, 0
        elif apart == 0 or since > MEMORY or abs(rate - apart) > LEAP + LEAP_PER_STEP * since:
            confidence = min(confidence, 59)
        said.append((rate, confidence))
    return said


def as_recorded(rows):
    """Windows of the recordings as they were, with all channels."""
    most = {}
    for row in rows:
        most[row["file"]] = max(most.get(row["file"], 0), len(row["channels"].split("+")))
    return np.array([row["speed_x1000"] == "1000" and not row["arm_dataset"] and len(row["channels"].split("+")) == most[row["file"]] for row in rows])


def held_out(rows, features, truth, weights, groups, arms, folds, path):
    """Every fold, a set of groups, with a forest that has met none of them, their arms neither."""
    plain = as_recorded(rows)
    times = np.array([int(row["t_ms"]) for row in rows])
    files = np.array([row["file"] for row in rows])
    with open(path, "w") as out:
        out.write("file,t_ms,bpm_x10,confidence,reported\n")
        for n, fold in enumerate(folds):
            tested = np.isin(groups, fold)
            forest = fit(features, truth, np.where(tested | np.isin(arms, fold), 0, weights))
            for file in np.unique(files[tested & plain]):
                use = np.where((files == file) & plain)[0]
                for i, (rate, confidence) in zip(use, follow(scores(forest, features[use]), features[use, ARM_FEATURE], times[use])):
                    out.write(f"{file},{times[i]},{rate},{confidence},{int(confidence >= 60)}\n")
            out.flush()
            print(f"\r  {n + 1} of {len(folds)} left out", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def rows_of(values):
    values = [str(v) for v in values]
    return "".join("            " + ", ".join(values[i:i + 20]) + ",\n" for i in range(0, len(values), 20))


def source(forest, command, date, digest, sets, people):
    questions = [q for qs, _ in forest for q in qs]
    leaves = [v for _, vs in forest for v in vs]
    return f"""// <auto-generated>
// Written by tools/train/train_pulse.py; train again instead of editing. Model card: docs/pulse-model.md.
// Data sets: {", ".join(sets)}; {people} people.
// Command:   {command}
// Date:      {date}. SHA-256 of the features and rates trained on begins with {digest}.
// </auto-generated>
namespace ElderBand.VitalsFilter
{{
    public static partial class PulseForest
    {{
        private const int Trees = {len(forest)};

        private static readonly byte[] Feature =
        {{
{rows_of(f for f, _ in questions)}        }};

        private static readonly byte[] Threshold =
        {{
{rows_of(t for _, t in questions)}        }};

        private static readonly sbyte[] Leaf =
        {{
{rows_of(leaves)}        }};
    }}
}}
"""


def main():
    arguments, options = [], {}
    for i, a in enumerate(sys.argv[1:], 1):
        if a.startswith("--"):
            options[a[2:]] = sys.argv[i + 1]
        elif not sys.argv[i - 1].startswith("--"):
            arguments.append(a)
    if len(arguments) != 3:
        sys.exit(__doc__)
    data, program, out = arguments
    sets = options["sets"].split(",") if "sets" in options else None
    rows, features, truth = windows(data, program, sets)
    known = ~np.isnan(truth)
    rows, features, truth = [r for r, k in zip(rows, known) if k], features[known], truth[known]
    weights = np.array([OTHER_WEIGHT if r["arm_dataset"] else WEIGHT.get(r["dataset"], OTHER_WEIGHT) for r in rows])
    # A subject's name may come back in another set.
    people = np.array([r["dataset"] + "/" + r["subject"] for r in rows])
    datasets = np.array([r["dataset"] for r in rows])
    arm_people = np.array([r["arm_dataset"] + "/" + r["arm_subject"] for r in rows])
    arm_sets = np.array([r["arm_dataset"] for r in rows])
    digest = hashlib.sha256(features.tobytes() + np.round(truth * 10).astype("<i4").tobytes()).hexdigest()[:16]
    command = "tools/train/train_pulse.py DATA EVAL OUT" + "".join(
        f" --{k} {'DIR' if k == 'loso' else v}" for k, v in options.items())
    date = options.get("date", datetime.date.today().isoformat())
    forest = fit(features, truth, weights)
    with open(out, "w", newline="\n") as f:
        f.write(source(forest, command, date, digest, sorted(set(datasets)), len(set(people))))
    print(f"{len(rows)} windows, {len(set(people))} people -> {out}", file=sys.stderr)
    if "loso" in options:
        os.makedirs(options["loso"], exist_ok=True)
        held_out(rows, features, truth, weights, datasets, arm_sets, [[s] for s in MOVING], os.path.join(options["loso"], "sets.csv"))
        moving = sorted({p for p in people if p.split("/")[0] in MOVING})
        pairs = [moving[i::(len(moving) + 1) // 2] for i in range((len(moving) + 1) // 2)]
        held_out(rows, features, truth, weights, people, arm_people, pairs, os.path.join(options["loso"], "loso.csv"))


if __name__ == "__main__":
    main()
