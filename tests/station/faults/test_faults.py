"""Every fault of a switch, injected: either a model serves afterwards or the state says that the embedded engine does.

Servers are processes of this machine; `test_faults_engine` does the like in containers of a real engine.
"""

from __future__ import annotations

import pytest
from matrix import Case
from process_faults import CASES
from proving_ground import Ground
from trials import tried


@pytest.mark.parametrize(("number", "case"), [pytest.param(n, case, id=case.name) for n, case in enumerate(CASES)])
def test_a_fault_ends_with_a_model_that_serves(ground: Ground, number: int, case: Case):
    tried(ground, case).row("processes", number, case).save()
