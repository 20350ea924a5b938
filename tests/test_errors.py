import errno
import json
import os
import pickle
import re

import pytest

from docstation import errors, messages
from docstation.errors import DocStationError, ExitCode, NotReady, PasswordError, from_record, to_record
from docstation.messages import Word


def subclasses(kind: type) -> list[type]:
    return [kind, *(below for one in kind.__subclasses__() for below in subclasses(one))]


OURS = [kind for kind in subclasses(DocStationError) if kind.__module__ == "docstation.errors"]


@pytest.mark.parametrize("kind", OURS)
def test_every_error_has_a_sentence_and_a_remedy(kind):
    error = kind()
    assert error.message_id.endswith(".")
    assert error.remedy_id
    assert isinstance(kind.exit_code, ExitCode)
    assert kind.http_status == 207 or 400 <= kind.http_status < 600


def test_codes_are_unique():
    codes = [kind.code for kind in OURS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", OURS)
def test_the_drawn_tree_is_the_real_one(kind):
    assert re.search(rf"{kind.__name__} +{int(kind.exit_code)} ", errors.__doc__)


@pytest.mark.parametrize("kind", OURS)
def test_errors_cross_process_borders_whole(kind):
    error = kind("{name} went wrong.", name="a.pdf", remedy="Do this.")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.remedy_id) == (kind, "a.pdf went wrong.", "Do this.")


def test_a_word_of_a_sentence_is_said_in_its_language_behind_a_border_too():
    error = NotReady(state=Word("being read"))
    again = from_record(json.loads(json.dumps(to_record(error))))
    for one in (error, pickle.loads(pickle.dumps(error)), again):
        assert str(one) == "The document is not there yet: it is being read."
        messages.use("ru")
        said, english = messages.explain(one)[0], messages.translate("being read")
        messages.use("en")
        assert said.endswith(f"{english}.")
        assert english != "being read"


def test_only_passwords_have_exit_code_9():
    assert [kind for kind in OURS if kind.exit_code is ExitCode.PASSWORD] == [PasswordError]


@pytest.mark.parametrize(
    ("number", "kind", "status"),
    [(errno.ENOSPC, errors.NoRoom, 507), (errno.EDQUOT, errors.NoRoom, 507), (errno.EACCES, errors.InputError, 422)],
)
def test_a_full_disk_is_told_from_a_folder_that_may_not_be_written(number, kind, status):
    error = errors.unwritable("a.pdf", OSError(number, os.strerror(number)))
    assert (type(error), error.http_status) == (kind, status)
    assert str(error) == f"a.pdf cannot be written: {os.strerror(number)}."
