"""What a process does with freed memory, as the C library itself tells."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ctypes, sys, threading
from docstation.service.gateway import allocation
assert getattr(allocation, sys.argv[1])() if sys.argv[1] else True
meet = threading.Barrier(8)
def take():
    meet.wait()
    kept = [bytes(5000 + number) for number in range(200)]
    meet.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
[one.start() for one in threads], [one.join() for one in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, stream)
libc.fclose(stream)
"""


def heaps(setting: str) -> int:
    """How many heaps eight threads got."""
    line = [sys.executable, "-c", PROGRAM, setting]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.count("<heap nr=")


def test_threads_of_the_service_share_their_heaps():
    assert heaps("return_blocks") <= 2 < heaps("")
