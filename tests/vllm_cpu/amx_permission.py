"""Asks Linux for the AMX tile registers in every process of vLLM's environment; a ``.pth`` file there imports this.

A process must ask before its first AMX instruction. vLLM's attention kernel for the CPU relies on another library
having asked, which has not happened when the first request is very short: its worker dies of SIGILL. Where there is
no AMX the kernel refuses, and nothing is lost.
"""

import ctypes
import platform
import sys

ARCH_PRCTL = 158
REQUEST_PERMISSION = 0x1023
TILE_DATA = 18

if sys.platform == "linux" and platform.machine() == "x86_64":
    ctypes.CDLL(None).syscall(ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA)
