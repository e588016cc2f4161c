"""What steps report is read when it is asked for, by each reader in full."""

import tensorflow as tf

from dcgan_tf.training.step_measures import StepMeasures


def test_each_reader_takes_every_step_in_its_own_time():
    measures = StepMeasures()
    measures.wait()  # For nothing yet.
    measures.add({"d_loss": tf.constant(1.0), "g_loss": tf.constant(2.0)})
    first = {"d_loss": 1.0, "g_loss": 2.0}
    assert measures.take_unseen() == [first]
    # Two steps of one call.
    measures.add(
        {"d_loss": tf.constant([3.0, 5.0]), "g_loss": tf.constant([4.0, 6.0])}
    )
    measures.wait()
    later = [{"d_loss": 3.0, "g_loss": 4.0}, {"d_loss": 5.0, "g_loss": 6.0}]
    assert measures.take_unwritten() == [first, *later]
    assert measures.take_unseen() == later
    assert measures.take_unwritten() == measures.take_unseen() == []
