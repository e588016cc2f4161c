import io

from dcgan_tf.training.progress import Progress

SCALARS = {"d_loss": 1.0, "g_loss": 2.0, "images_per_second": 500.0}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_plain_lines_with_the_time_left():
    stream = io.StringIO()
    progress = Progress(100, 0, stream)
    progress.advance()
    progress.log_metrics(40, SCALARS, seconds_per_step=2.0)
    progress.close()
    assert stream.getvalue() == (
        "step 40/100  d_loss 1.000  g_loss 2.000  500 images/s  02:00 left\n"
    )


def test_a_terminal_gets_a_bar_that_starts_where_the_run_does():
    stream = Terminal()
    progress = Progress(100, 50, stream)
    progress.advance()
    progress.log_metrics(51, SCALARS, seconds_per_step=2.0)
    progress.log("checkpoint")
    progress.close()
    text = stream.getvalue()
    assert "51/100" in text and "500 images/s" in text
    assert "checkpoint\n" in text


def test_other_workers_are_silent():
    for stream in (io.StringIO(), Terminal()):
        progress = Progress(100, 0, stream, is_silent=True)
        progress.advance()
        progress.log("hello")
        progress.close()
        assert stream.getvalue() == ""
