"""Reads tensorboard.tfevents with TensorBoard and compares it with the points of `runs/tensorboard.rs`.

pip install tensorboard
python tests/reference/tensorboard_events.py

The file is written by `WRITE_GENERATED=1 cargo test --lib -- runs::tensorboard`; it may be committed only if this script
finds in it what the test's `points` contain. Read with tensorboard 2.21.0.
"""

import shutil
import tempfile
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

STARTED = 1_790_000_000
# Tag: (wall time, step, value) of each event, as singles.
EXPECTED = {
    "train/loss": [(12.25, 50, 1.5), (24.5, 100, 0.875), (300.0, 150, 0.0625)],
    "train/learning_rate": [(12.25, 50, 1e-5), (24.5, 100, 5e-6), (300.0, 150, 5e-4 / 150)],
    "train/grad_norm": [(12.25, 50, 1.5), (24.5, 100, 1.5), (300.0, 150, 1.5)],
    "eval/loss": [(24.5, 100, 0.75), (300.0, 150, 0.75)],
    "eval/f1": [(24.5, 100, 0.5), (300.0, 150, 0.75)],
    "eval/label/Dish/f1": [(24.5, 100, 0.625), (300.0, 150, 0.875)],
    "eval/label/Hours of opening/f1": [(24.5, 100, 0.25), (300.0, 150, 0.5)],
    "test/loss": [(300.0, 150, 0.75)],
    "test/f1": [(300.0, 150, 0.625)],
    "test/label/Dish/f1": [(300.0, 150, 0.75)],
    "test/label/Hours of opening/f1": [(300.0, 150, 0.375)],
}


def main() -> None:
    golden = Path(__file__).with_name("tensorboard.tfevents")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(golden, Path(folder) / f"events.out.tfevents.{STARTED}.tagli")
        accumulator = EventAccumulator(folder)
        accumulator.Reload()
        tags = set(accumulator.Tags()["scalars"])
        assert tags == set(EXPECTED), tags ^ set(EXPECTED)
        for tag, expected in EXPECTED.items():
            found = [(event.wall_time - STARTED, event.step, event.value) for event in accumulator.Scalars(tag)]
            assert len(found) == len(expected), (tag, found)
            for (time, step, value), (wanted_time, wanted_step, wanted) in zip(found, expected):
                assert (time, step) == (wanted_time, wanted_step), (tag, found)
                assert abs(value - wanted) <= abs(wanted) * 1e-6, (tag, value, wanted)
    print(f"{len(EXPECTED)} tags, as written")


if __name__ == "__main__":
    main()
