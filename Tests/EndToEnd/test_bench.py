"""relay-bench forward where things go wrong: it says what, reports what it has seen all the same, and does not exit with 0."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from conference import BENCH
from relay_process import BINARY

# Two measurements of each contestant, as short as they can be told from one that was broken off.
MEASUREMENT = ["--subscribers", "1,2", "--burst", "1", "--rounds", "1", "--seconds", "4"]


def forward(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BENCH), "forward", *arguments], capture_output=True, text=True, timeout=90)


@pytest.fixture
def relay_that_dies_once(tmp_path: Path) -> Path:
    """A relay that is killed in the middle of its first measurement, and serves in the others."""
    program, mark = tmp_path / "relay", tmp_path / "has-died"
    program.write_text(
        f"""#!/usr/bin/env bash
if [[ $1 == serve && ! -e '{mark}' ]]; then
    touch '{mark}'
    exec timeout --signal=KILL 3 '{BINARY}' "$@"
fi
exec '{BINARY}' "$@"
"""
    )
    program.chmod(0o755)
    return program


@pytest.mark.usefixtures("own_network")
def test_what_dies_or_is_missing_is_told_beside_what_was_measured(relay_that_dies_once: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    missing = str(tmp_path / "no-janus")
    outcome = forward(
        *MEASUREMENT, "--relay", str(relay_that_dies_once), "--janus", missing, "--json", "--results", str(folder)
    )
    assert outcome.returncode == 1, outcome.stderr
    report = json.loads(outcome.stdout)
    assert [(each["contestant"], each["subscribers"]) for each in report["samples"]] == [("relay", 2)]
    failures = "\n".join(report["failures"])
    assert "1 subscribers, bursts of 1: smartc-relay was ended by signal 9" in failures or "137" in failures, failures
    # Where Janus is not installed its plugins are missed first.
    told = failures.count(f"{missing} cannot be started") + failures.count("there is no /usr/lib/*/janus")
    assert told == 2, failures
    assert (folder / "results.md").read_text().count("Failed: ") == len(report["failures"])


def test_a_relay_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    outcome = forward(*MEASUREMENT, "--against", "none", "--relay", str(tmp_path / "no-relay"))
    assert outcome.returncode == 64
    assert "There is no program" in outcome.stderr and "no-relay" in outcome.stderr
