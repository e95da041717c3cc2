#!/usr/bin/env bash
# Trains with tagli and with the Hugging Face Trainer in turn, on the same data in the same batches, and compares time, F1
# and peak memory:
#
#   tests/bench/against_hf.sh TAGLI BASE DATA SCRIPT [PAIRS]
#
# TAGLI: the release binary. BASE: a model folder that both open. DATA: a folder with train.txt, valid.txt and test.txt (tag,
# tab, word). SCRIPT: a Python program that takes BASE, --train, --valid, --test, --lr, --epochs, --threads, --limit and prints one
# JSON line as `tagli train --json` does. PYTHON (python3), LR (5e-5), EPOCHS (3), LIMIT (all sentences) come from the surroundings.
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
export TAGLI=$1 BASE=$2 DATA=$3 SCRIPT=$4 PAIRS=${5:-3}
exec "${PYTHON:-python3}" - <<'PYTHON'
import json, os, statistics, subprocess, sys, tempfile, time

say = lambda *words: print(*words, file=sys.stderr, flush=True)
get = os.environ.get
rate, epochs, limit, data = get("LR", "5e-5"), get("EPOCHS", "3"), get("LIMIT"), os.environ["DATA"]
files = {part: os.path.join(data, part + ".txt") for part in ("train", "valid", "test")}
work = tempfile.TemporaryDirectory()
if limit:
    # The first sentences, written out: both read the same file.
    text = open(files["train"], encoding="utf-8").read().split("\n\n")[: int(limit)]
    files["train"] = os.path.join(work.name, "train.txt")
    open(files["train"], "w", encoding="utf-8").write("\n\n".join(text) + "\n")
parts = [word for part, path in files.items() for word in ("--" + part, path)]
ours = [os.environ["TAGLI"], "train", "--json", *parts, "--base", os.environ["BASE"], "--recipe", "lesson", "--lr", rate,
        "--epochs", epochs, "--device", "cpu"]
theirs = [sys.executable, os.environ["SCRIPT"], os.environ["BASE"], *parts, "--lr", rate, "--epochs", epochs, "--threads", "2"]


def run(command):
    began = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=work.name, text=True,
                               env={**os.environ, "RAYON_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1"})
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed ({status}): {' '.join(command)}")
    said = json.loads(out.strip().splitlines()[-1])
    return {"seconds": said["seconds"], "wall": time.time() - began, "peak": usage.ru_maxrss / 1024,
            "valid": said["valid"], "test": said["test"]}


rows = {"tagli": [], "transformers": []}
for pair in range(int(os.environ["PAIRS"])):
    for name, command in (("tagli", ours), ("transformers", theirs)):
        rows[name].append(run(command))
        last = rows[name][-1]
        say(f"pair {pair + 1} {name}: {last['seconds']:.1f} s, {last['wall']:.1f} s in all, {last['peak']:.0f} MiB, F1 per piece on "
            f"valid {last['valid']['piece']['f1']:.4f}, test {last['test']['piece']['f1']:.4f}")
middle = lambda name, key: statistics.median(row[key] for row in rows[name])
ratio = lambda key: middle("transformers", key) / middle("tagli", key)
f1 = lambda name, part, count: rows[name][0][part][count]["f1"]
print(json.dumps({
    "train_ratio": round(ratio("seconds"), 3), "wall_ratio": round(ratio("wall"), 3), "memory_ratio": round(ratio("peak"), 3),
    **{name: {"seconds": [round(row["seconds"], 2) for row in all], "peak_mib": round(middle(name, "peak")),
              "f1": {part: {count: round(f1(name, part, count), 4) for count in ("piece", "word")} for part in ("valid", "test")}}
       for name, all in rows.items()}}, indent=1))
PYTHON
