"""The words of container engines of different years lead to the same causes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from docker.errors import APIError, DockerException, ImageNotFound, InvalidRepository, NotFound
from requests import ConnectionError as NobodyThere
from requests import ReadTimeout, Response
from urllib3.exceptions import ProtocolError

from docstation.station.causes import Cause, Fault
from docstation.station.drivers.container_errors import Absent, engine_errors

REFUSALS = [
    (500, "driver failed programming external connectivity on endpoint x (4f): Bind for 127.0.0.1:8001 failed: port is"
          " already allocated", Cause.PORT_TAKEN),
    (500, "driver failed programming external connectivity on endpoint x: Error starting userland proxy: listen tcp4"
          " 127.0.0.1:8001: bind: address already in use", Cause.PORT_TAKEN),
    (500, "failed to set up container networking: failed to bind host port for 127.0.0.1:8001:172.17.0.2:8000/tcp:"
          " address already in use", Cause.PORT_TAKEN),
    (409, 'Conflict. The container name "/x" is already in use by container "4f". You have to remove (or rename) that'
          " container to be able to reuse that name.", Cause.NAME_TAKEN),
    (500, 'could not select device driver "" with capabilities: [[gpu]]', Cause.GPU_NOT_VISIBLE),
    (500, 'Could not select device driver "cdi" with capabilities: []', Cause.GPU_NOT_VISIBLE),
    (500, "CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=0", Cause.GPU_NOT_VISIBLE),
    (500, "error running hook #0: exit status 1, stderr: nvidia-container-cli: initialization error: nvml error: driver"
          " not loaded", Cause.GPU_NOT_VISIBLE),
    (500, "stderr: nvidia-container-cli: initialization error: nvml error: driver/library version mismatch",
     Cause.DRIVER_TOO_OLD),
    (500, "stderr: nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your"
          " driver", Cause.DRIVER_TOO_OLD),
    (500, "write /var/lib/docker/containers/4f/.tmp-config.v2.json: No space left on device", Cause.DISK_FULL),
    (404, "No such image: vllm/vllm-openai:v0.0.0", Cause.IMAGE_MISSING),
    (400, 'OCI runtime create failed: runc create failed: unable to start container process: exec: "vllm": executable'
          " file not found in $PATH: unknown", Cause.PROGRAM_MISSING),
    (400, 'runc create failed: unable to start container process: exec: "/opt/vllm": stat /opt/vllm: no such file or'
          " directory: unknown", Cause.PROGRAM_MISSING),
    (500, "cannot stop container: x: tried to kill container, but did not receive an exit event", Cause.STOP_TIMEOUT),
    (400, "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer"
          " version", Cause.ENGINE_DOWN),
    (400, "client version 1.51 is too new. Maximum supported API version is 1.41", Cause.ENGINE_DOWN),
    (403, "authorization denied by plugin", Cause.ENGINE_DENIED),
    (400, "Minimum memory limit allowed is 6MB", Cause.START_FAILED),
    (400, 'invalid mount config for type "bind": bind source path does not exist: /x', Cause.START_FAILED),
]  # fmt: skip


def answer(status: int, words: str) -> APIError:
    """What the SDK raises for such an answer."""
    response = Response()
    response.status_code = status
    kind = ImageNotFound if status == 404 else APIError
    return kind("error", response=response, explanation=words)


def fault_of(error: Exception) -> Fault:
    with pytest.raises(Fault) as caught, engine_errors(Cause.START_FAILED):
        raise error
    return caught.value


@pytest.mark.parametrize(("status", "words", "cause"), REFUSALS)
def test_a_refusal_leads_to_its_cause(status: int, words: str, cause: Cause) -> None:
    fault = fault_of(answer(status, words))
    assert (fault.cause, fault.detail) == (cause, words)


@pytest.mark.parametrize(
    "error",
    [
        DockerException("Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No'))"),
        NobodyThere("('Connection aborted.', ConnectionRefusedError(111, 'Connection refused'))"),
        ReadTimeout("UnixHTTPConnectionPool(host='localhost', port=None): Read timed out."),
        ProtocolError("Connection broken: InvalidChunkLength(got length b'', 0 bytes read)"),
    ],
)
def test_no_answer_means_that_the_engine_is_down(error: Exception) -> None:
    assert fault_of(error).cause is Cause.ENGINE_DOWN


def test_a_socket_that_may_not_be_opened_is_told_apart() -> None:
    words = "Error while fetching server API version: ('Connection aborted.', PermissionError(13, 'Permission denied'))"
    assert fault_of(DockerException(words)).cause is Cause.ENGINE_DENIED


def test_a_file_that_may_not_be_read_inside_is_no_matter_of_the_socket() -> None:
    words = 'unable to start container process: exec: "vllm": permission denied: unknown'
    assert fault_of(answer(500, words)).cause is Cause.START_FAILED


def test_a_name_that_the_library_refuses_does_not_blame_the_engine() -> None:
    assert fault_of(InvalidRepository("Repository name cannot contain a scheme")).cause is Cause.START_FAILED


def test_a_container_that_is_not_there_is_told_apart() -> None:
    response = Response()
    response.status_code = 404
    with pytest.raises(Absent), engine_errors():
        raise NotFound("404", response=response, explanation="No such container: x")


def test_untrusted_words_become_one_clean_line() -> None:
    fault = fault_of(answer(500, "one\x1b[31m\r\n two\u2028three " + "x" * 5000))
    assert fault.detail.startswith("one [31m two three xxx")
    assert len(fault.detail) == 600


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), engine_errors():
        raise ZeroDivisionError


def test_importing_the_driver_imports_no_heavy_library() -> None:
    heavy = {"docker", "requests", "urllib3", "huggingface_hub", "pydantic", "numpy", "psutil"}
    code = f"import sys, docstation.station.drivers.container; sys.exit(' '.join({heavy!r} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
