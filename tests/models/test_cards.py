"""Cards: known by name or size, and what of theirs counts as free."""

from dataclasses import replace

import pytest
from plan_samples import BUDGET, CATALOGUE, GIB, planned

from docstation.models.devices import REFERENCE, card_named, card_of_size, device_of


@pytest.mark.parametrize("name", ["rtx5070ti", "RTX 5070 Ti", "NVIDIA GeForce RTX 5070 Ti", "5070 ti"])
def test_cards_are_known_however_they_are_spelt(name):
    assert card_named(name) is REFERENCE


def test_a_card_of_a_size_keeps_the_usual_reserve():
    card = card_of_size(24 * GIB)
    assert card.cuda_bytes == 24 * GIB - REFERENCE.reserved_bytes
    assert (card.name, card.reference) == ("24 GiB", True)
    assert card_named("GTX 1") is None


class Reading:
    name, driver, capability = "NVIDIA GeForce RTX 5070 Ti", "580.95.05", (12, 0)
    board_bytes, reserved_bytes = 16303 * 2**20, 421 * 2**20
    free_bytes, ours_bytes = 3 * GIB, 11 * GIB


def test_what_our_servers_hold_counts_as_free():
    device = device_of(Reading)
    assert (device.free_bytes, device.cuda_bytes) == (14 * GIB, REFERENCE.cuda_bytes)


def test_where_windows_lends_the_card_cuda_has_the_whole_board():
    class Unattributed(Reading):
        ours_bytes = None

    device = device_of(Unattributed, leaving_bytes=2 * GIB, of_windows=True)
    assert (device.free_bytes, device.cuda_bytes) == (5 * GIB, 16303 * 2**20)
    # A share of what is more gives the same bytes: the promise does not depend on the guess.
    same = planned(CATALOGUE["dots-ocr"], device=replace(device, free_bytes=15 * GIB))
    assert same.total_bytes <= BUDGET
