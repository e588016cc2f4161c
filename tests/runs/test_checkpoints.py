import numpy as np
import pytest
import tensorflow as tf

from dcgan_tf.runs import checkpoints


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
    checkpoints.mark_best(run_dir, 1, "distance", 2.5)
    for step in (2, 3, 4):
        save(run_dir, step, keep=1)
    assert checkpoints.list_steps(run_dir) == [1, 4]
    assert checkpoints.find_best(run_dir) == 1
    assert restored_value(run_dir, "best") == (1, 1.0)


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


def test_missing_ones_are_named(run_dir):
    with pytest.raises(checkpoints.CheckpointError, match="no checkpoint"):
        checkpoints.restore(run_dir, make_parts())
    save(run_dir, 5)
    with pytest.raises(checkpoints.CheckpointError, match="one of 5"):
        checkpoints.restore(run_dir, make_parts(), "4")
    with pytest.raises(checkpoints.CheckpointError, match="--eval_every"):
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
    aside = run_dir / "checkpoints" / ".writing-123"
    aside.mkdir()
    (aside / "ckpt-6.index").touch()
    assert checkpoints.list_steps(run_dir) == [5]
    checkpoints.clear_unfinished(run_dir)
    assert not aside.exists()
