#!/usr/bin/env python3
"""Prints the tables of docs/fall-model.md.

usage: card_tables.py MANIFEST DIR

MANIFEST  manifest.csv of the trials
DIR       what `train_falls.py --loso DIR` wrote: person_50.csv, person_25.csv, set_50.csv, set_25.csv

A fall counts as found, a daily trial as alarmed, and a fall as counted, exactly as in score_falls.py. Brackets and bounds are 95 % Wilson intervals.
"""
import csv
import os
import sys

COUNTED = ("weda40", "umafall", "hifd")
SAME_FALL_MS = 10_000  # FallDetector.SameFallS: suspicions this close start one countdown
Z = 1.96


def wilson(k, n):
    p, d = k / n, 1 + Z * Z / n
    centre, half = (p + Z * Z / (2 * n)) / d, Z * (p * (1 - p) / n + Z * Z / (4 * n * n)) ** 0.5 / d
    return max(centre - half, 0), min(centre + half, 1)


def read(path):
    hits = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            hits.setdefault(row["file"], []).append(int(row["t_ms"]))
    return hits


def found(entry, hits):
    times = hits.get(entry["file"], [])
    if entry["is_fall"] == "0":
        return bool(times)
    low = float(entry["onset_ms"] or entry["impact_ms"] or 0) - 500
    high = float(entry["impact_ms"]) + 10_000 if entry["impact_ms"] else 1e12
    return any(low <= t <= high for t in times)


def countdowns(times):
    count, last = 0, -SAME_FALL_MS
    for t in sorted(times):
        if t - last >= SAME_FALL_MS:
            count, last = count + 1, t
    return count


def share(entries, hits, miss=False):
    if not entries:
        return "-"
    n = len(entries)
    k = sum(found(e, hits) != miss for e in entries)
    low, high = wilson(k, n)
    return f"{k}/{n} = {k / n:.3f} [{low:.3f}, {high:.3f}]"


def ratio(entries, hits):
    return f"{sum(found(e, hits) for e in entries)}/{len(entries)}" if entries else "-"


def table(header, rows):
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        manifest = [e for e in csv.DictReader(file) if e["is_fall"] in ("0", "1")]
    runs = {(w, r): read(os.path.join(sys.argv[2], f"{w}_{r}.csv")) for w in ("person", "set") for r in (50, 25)}
    falls = [e for e in manifest if e["is_fall"] == "1"]
    daily = [e for e in manifest if e["is_fall"] == "0"]
    counted = [e for e in falls if e["dataset"] in COUNTED]
    elders = [e for e in daily if e["age_group"] == "elder"]
    names = sorted({e["dataset"] for e in manifest})

    table(["left out", "rate", "falls found", "daily trials without alarm", "of elders"],
          [[what, f"{rate} Hz", share(counted, hits), share(daily, hits, True), share(elders, hits, True)] for (what, rate), hits in runs.items()])

    of = lambda entries, name: [e for e in entries if e["dataset"] == name]
    table(["data set", "falls, person left out 50 / 25 Hz", "falls, set left out 50 / 25 Hz", "alarmed daily trials, person left out", "set left out"],
          [[name] + [f"{ratio(of(group, name), runs[what, 50])} / {ratio(of(group, name), runs[what, 25])}" for group in (falls, daily) for what in ("person", "set")]
           for name in names])

    movements = sorted({(e["is_fall"] == "0", e["dataset"], e["activity_code"], e["description"]) for e in manifest})
    rows = []
    for is_daily, name, code, description in movements:
        these = [e for e in manifest if (e["is_fall"] == "0", e["dataset"], e["activity_code"], e["description"]) == (is_daily, name, code, description)]
        rows.append([f"{'daily' if is_daily else 'fall'}", name, code, description] + [ratio(these, runs["person", rate]) for rate in (50, 25)] + [ratio(these, runs["set", 50])])
    table(["", "data set", "code", "movement", "found or alarmed, 50 Hz", "25 Hz", "set left out, 50 Hz"], rows)

    rows = []
    for name, code, description in sorted({(e["dataset"], e["activity_code"], e["description"]) for e in elders}) + [("all", "", "")]:
        these = [e for e in elders if name == "all" or (e["dataset"], e["activity_code"]) == (name, code)]
        hours = sum(float(e["duration_ms"]) for e in these) / 3.6e6
        counts = [sum(countdowns(runs["person", rate].get(e["file"], [])) for e in these) for rate in (50, 25)]
        bound = wilson(sum(found(e, runs["person", 50]) for e in these), len(these))[1] * len(these) / hours
        rows.append([name, code, description, len(these), f"{hours * 60:.0f}", f"{counts[0]} / {counts[1]}", f"{counts[0] / hours:.1f}", f"{bound:.0f}"])
    table(["data set", "code", "movement of elders", "trials", "minutes", "countdowns 50 / 25 Hz", "per hour, 50 Hz", "at most per hour (bound of the share of trials)"], rows)


main()
