import os
import threading
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from fixtures.checkpoint_files import damage_checkpoint

from dcgan_tf.runs import checkpoints
from dcgan_tf.runs.best_checkpoint import BestCheckpoint


def make_parts(value=0.0):
    return {"weight": tf.Variable([value] * 100), "step": tf.Variable(0)}


@pytest.fixture
def run_dir(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    return tmp_path


def save(run_dir, step, keep=3, **options):
    parts = make_parts(float(step))
    checkpoints.save(run_dir, parts, step, keep, **options)


def restored_value(run_dir, checkpoint="latest"):
    parts = make_parts()
    step = checkpoints.restore(run_dir, parts, checkpoint)
    return step, float(parts["weight"][0])


def test_the_last_ones_are_kept_and_the_newest_is_restored(run_dir):
    for step in (1, 2, 10, 3, 20):
        save(run_dir, step, keep=2)
    assert checkpoints.list_steps(run_dir) == [10, 20]
    assert restored_value(run_dir) == (20, 20.0)
    assert restored_value(run_dir, "10") == (10, 10.0)
    names = {p.name for p in (run_dir / "checkpoints").iterdir()}
    assert names == {
        f"ckpt-{step}.{kind}"
        for step in (10, 20)
        for kind in ("index", "data-00000-of-00001")
    }


def test_one_that_lacks_a_part_is_refused_in_a_line(run_dir):
    save(run_dir, 1)
    parts = {**make_parts(), "average": tf.Variable([0.0] * 100)}
    with pytest.raises(checkpoints.CheckpointError) as caught:
        checkpoints.restore(run_dir, parts)
    assert "does not hold the same parts" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_best_one_outlives_the_last(run_dir):
    save(run_dir, 1)
    checkpoints.mark_best(run_dir, BestCheckpoint(1, "distance", 2.5))
    for step in (2, 3, 4):
        save(run_dir, step, keep=1)
    assert checkpoints.list_steps(run_dir) == [1, 4]
    assert checkpoints.find_best(run_dir) == 1
    assert restored_value(run_dir, "best") == (1, 1.0)


def test_one_of_a_damaged_future_is_never_kept_in_place_of_the_newest(run_dir):
    """A run went back to its best checkpoint, as the last one was damaged."""
    save(run_dir, 500, keep=1)
    checkpoints.mark_best(run_dir, BestCheckpoint(500, "distance", 1.0))
    save(run_dir, 1_500, keep=1)
    damaged = run_dir / "checkpoints" / "ckpt-1500.data-00000-of-00001"
    damaged.write_bytes(b"")
    assert restored_value(run_dir) == (500, 500.0)
    for step in (1_000, 1_200):
        save(run_dir, step, keep=1)
        assert restored_value(run_dir) == (step, float(step))
    assert checkpoints.list_steps(run_dir) == [500, 1_200, 1_500]
    save(run_dir, 1_600, keep=1)
    assert checkpoints.list_steps(run_dir) == [500, 1_600]


@pytest.mark.parametrize("part", ["data-00000-of-00001", "index"])
@pytest.mark.parametrize("damage", ["truncate", "corrupt", "empty"])
def test_a_damaged_one_gives_way_to_the_one_before(
    run_dir, part, damage, caplog
):
    for step in (1, 2):
        save(run_dir, step)
    path = run_dir / "checkpoints" / f"ckpt-2.{part}"
    content = bytearray(path.read_bytes())
    if damage == "truncate":
        del content[len(content) // 2 :]
    elif damage == "empty":
        content.clear()
    else:
        middle = len(content) // 2
        content[middle] ^= 0xFF
    path.write_bytes(content)
    assert restored_value(run_dir) == (1, 1.0)
    assert "ckpt-2 is damaged" in caplog.text


def test_all_damaged_is_an_error_and_changes_nothing(run_dir):
    save(run_dir, 1)
    data = run_dir / "checkpoints" / "ckpt-1.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:10])
    parts = make_parts(7.0)
    with pytest.raises(checkpoints.CheckpointError, match="damaged: ckpt-1"):
        checkpoints.restore(run_dir, parts)
    assert np.all(parts["weight"] == 7.0)


@pytest.mark.parametrize(
    ("checkpoint", "best", "steps", "message"),
    [
        ("2", None, (1, 2, 3), "2 is damaged; use latest or one of 1, 3"),
        ("2", 3, (1, 2, 3), "2 is damaged; use latest, best or one of 1, 3"),
        ("best", 2, (1, 2, 3), "2, the best, is damaged; use latest or one of"),
        ("2", None, (2,), "2 is damaged; the run has no other"),
    ],
)
def test_a_damaged_one_that_was_named_stands_for_no_other(
    run_dir, checkpoint, best, steps, message, caplog
):
    for step in steps:
        save(run_dir, step)
    if best is not None:
        checkpoints.mark_best(run_dir, BestCheckpoint(best, "distance", 1.0))
    damage_checkpoint(run_dir, 2)
    with pytest.raises(checkpoints.CheckpointError) as caught:
        restored_value(run_dir, checkpoint)
    assert message in str(caught.value)
    assert "the one before" not in caplog.text


@pytest.mark.parametrize(
    "mark",
    [
        "{",
        "[]",
        '{"step": 5, "value": 1.0}',
        '{"step": 5, "measure": 5, "value": 1.0}',
        '{"measure": "distance", "value": 1.0}',
        '{"step": 5, "measure": "distance", "value": null}',
        '{"step": Infinity, "measure": "distance", "value": 1.0}',
        None,  # A folder.
    ],
)
def test_a_step_is_named_though_the_mark_of_the_best_is_damaged(run_dir, mark):
    save(run_dir, 5)
    path = run_dir / "checkpoints" / "best.json"
    path.mkdir() if mark is None else path.write_text(mark)
    with pytest.raises(checkpoints.CheckpointError, match="is damaged"):
        checkpoints.load_best(run_dir)
    with pytest.raises(checkpoints.CheckpointError, match="or one of 5"):
        restored_value(run_dir, "4")


def test_missing_ones_are_named(run_dir):
    with pytest.raises(checkpoints.CheckpointError, match="no checkpoint"):
        checkpoints.restore(run_dir, make_parts())
    save(run_dir, 5)
    with pytest.raises(checkpoints.CheckpointError, match="one of 5"):
        checkpoints.restore(run_dir, make_parts(), "4")
    with pytest.raises(checkpoints.CheckpointError, match="with eval_every"):
        checkpoints.restore(run_dir, make_parts(), "best")


def test_other_objects_are_not_restored_silently(run_dir):
    save(run_dir, 5)
    with pytest.raises(checkpoints.CheckpointError, match="same parts"):
        checkpoints.restore(run_dir, {"step": tf.Variable(0)})
    parts = {"step": tf.Variable(9)}
    assert checkpoints.restore(run_dir, parts, partial=True) == 5
    assert int(parts["step"]) == 0


def test_only_the_chief_leaves_files(run_dir):
    save(run_dir, 5, is_chief=False)
    assert list((run_dir / "checkpoints").iterdir()) == []


def test_leftovers_of_a_killed_process_are_cleared(run_dir):
    save(run_dir, 5)
    tmp_dir = run_dir / "checkpoints" / ".writing-123"
    tmp_dir.mkdir()
    (tmp_dir / "ckpt-6.index").touch()
    assert checkpoints.list_steps(run_dir) == [5]
    checkpoints.clear_unfinished(run_dir)
    assert tmp_dir.exists()  # Somebody may be at work in it.
    for path in (tmp_dir / "ckpt-6.index", tmp_dir):
        os.utime(path, (0, 0))
    checkpoints.clear_unfinished(run_dir)
    assert not tmp_dir.exists()


def test_another_process_of_the_same_number_is_not_written_over(
    run_dir, monkeypatch
):
    """Two workers in containers, both process 1, save at the same time."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    write = tf.train.Checkpoint.write
    others = [2]

    def write_while_another_saves(checkpoint, prefix):
        if others:
            save(run_dir, others.pop(), is_chief=False)
        return write(checkpoint, prefix)

    monkeypatch.setattr(tf.train.Checkpoint, "write", write_while_another_saves)
    save(run_dir, 1)
    assert restored_value(run_dir) == (1, 1.0)


@pytest.mark.parametrize("pattern", ["*", "*.index", "*.data-*"])
def test_a_save_that_leaves_nothing_is_an_error(run_dir, monkeypatch, pattern):
    write = tf.train.Checkpoint.write

    def write_and_lose(checkpoint, prefix):
        write(checkpoint, prefix)
        for path in Path(prefix).parent.glob(pattern):
            path.unlink()

    monkeypatch.setattr(tf.train.Checkpoint, "write", write_and_lose)
    with pytest.raises(FileNotFoundError, match="not there after it was"):
        save(run_dir, 1)
    assert list((run_dir / "checkpoints").iterdir()) == []


# Where a read can be when training saves the next and prunes this one.
READS = {
    "before": (tf.train, "load_checkpoint"),
    "between": (tf.train.Checkpoint, "read"),
}


@pytest.fixture(params=READS)
def prune_under_reader(request, run_dir, monkeypatch):
    """Has the next `count` reads meet a run that saved and pruned."""
    owner, name = READS[request.param]
    read = getattr(owner, name)

    def start(count, mark_best=False):
        def read_too_late(*args):
            nonlocal count
            if count:
                count -= 1
                step = checkpoints.list_steps(run_dir)[-1] + 1
                if mark_best:
                    checkpoints.mark_best(
                        run_dir, BestCheckpoint(step, "distance", 1 / step)
                    )
                save(run_dir, step, keep=1)
            return read(*args)

        monkeypatch.setattr(owner, name, read_too_late)

    return start


@pytest.mark.parametrize("count", [1, 20])
def test_one_that_vanishes_under_the_reader_gives_way_to_the_next(
    run_dir, prune_under_reader, count, caplog
):
    save(run_dir, 1)
    prune_under_reader(count)
    step = count + 1
    assert restored_value(run_dir) == (step, float(step))
    assert "damaged" not in caplog.text


def test_a_best_one_that_vanishes_gives_way_to_the_new_best(
    run_dir, prune_under_reader
):
    save(run_dir, 1)
    checkpoints.mark_best(run_dir, BestCheckpoint(1, "distance", 1.0))
    prune_under_reader(1, mark_best=True)
    assert restored_value(run_dir, "best") == (2, 2.0)


def test_a_best_one_that_is_gone_is_named(run_dir):
    """It is no training's doing: that never removes the best one."""
    save(run_dir, 1)
    checkpoints.mark_best(run_dir, BestCheckpoint(7, "distance", 0.5))
    with pytest.raises(checkpoints.CheckpointError, match="step 7, .* of 1$"):
        restored_value(run_dir, "best")


def test_a_step_that_vanishes_is_named(run_dir, prune_under_reader):
    save(run_dir, 1)
    prune_under_reader(1)
    with pytest.raises(checkpoints.CheckpointError, match="'1' was removed"):
        restored_value(run_dir, "1")


def test_a_run_that_outruns_the_reader_is_not_waited_for(
    run_dir, prune_under_reader, monkeypatch
):
    monkeypatch.setattr(checkpoints, "_MAX_VANISHED", 3)
    save(run_dir, 1)
    prune_under_reader(10)
    with pytest.raises(checkpoints.CheckpointError, match="keep_checkpoints"):
        restored_value(run_dir)


def test_reading_beside_a_run_that_saves_and_prunes(run_dir):
    save(run_dir, 1, keep=1)
    stop = threading.Event()

    def save_on():
        step = 1
        while not stop.is_set():
            step += 1
            save(run_dir, step, keep=1)

    writer = threading.Thread(target=save_on)
    writer.start()
    try:
        for _ in range(30):
            step, value = restored_value(run_dir)
            assert value == step
    finally:
        stop.set()
        writer.join(60)
