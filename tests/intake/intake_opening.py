"""The type of the fixture `opened`, here because a name in one of several conftest files cannot be imported."""

from __future__ import annotations

from collections.abc import Callable

from docstation.intake.opening import PageSource

Open = Callable[..., PageSource]
