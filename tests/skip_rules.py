"""Where everything is installed, a skipped test is a mistake.

With DCGAN_TF_NO_SKIPS set, as in continuous integration, whatever is skipped
fails, but for what is marked `container`: Docker is not to be had everywhere.
"""

import os

import pytest

_VARIABLE = "DCGAN_TF_NO_SKIPS"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turns a test's skip into a failure."""
    report = yield
    if not item.get_closest_marker("container"):
        _forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Turns a whole module's skip into a failure."""
    report = yield
    _forbid_skip(report)
    return report


def _forbid_skip(report) -> None:
    is_expected = hasattr(report, "wasxfail")
    if not os.environ.get(_VARIABLE) or not report.skipped or is_expected:
        return
    *_, reason = report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{reason} ({_VARIABLE} is set, which allows none)"
