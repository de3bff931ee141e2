"""How pytest runs the notebooks here: nothing after a cell that raised, no word on warnings."""

import pytest


def pytest_collectstart(collector):
    if type(collector).__name__ == "IPyNbFile":
        # A warning of some version of some library is no difference; the pairs are tested for it.
        collector.skip_compare += ("stderr",)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    raised = report.failed and "Cell outputs differ" not in str(report.longrepr)
    if type(item).__name__ == "IPyNbCell" and report.when == "call" and raised:
        item.parent.broken_at = item.name
    return report


def pytest_runtest_setup(item):
    if type(item).__name__ == "IPyNbCell" and hasattr(item.parent, "broken_at"):
        pytest.skip(f"{item.parent.broken_at} raised, so the rest of this notebook cannot run")
