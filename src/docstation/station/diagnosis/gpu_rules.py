"""What servers say when the GPU, its driver or its kernels fail. Part of the diagnosis table."""

from __future__ import annotations

from docstation.station.causes import Cause
from docstation.station.diagnosis.rule import SERVING, STARTING, WARNINGS, Rank, Rule

GPU = (
    Rule(
        Cause.DRIVER_TOO_OLD,
        (
            "driver on your system is too old",
            "unsatisfied condition: cuda",
            "unsatisfied condition: driver",
            "driver version is insufficient for CUDA runtime version",
            "unsupported display driver / cuda driver combination",
            "forward compatibility was attempted on non supported HW",
            "PTX was compiled with an unsupported toolchain",
            "cudaErrorInsufficientDriver",
        ),
        levels=WARNINGS,
        captures=(
            r"found version (?P<found>\d+)",
            r"unsatisfied condition: cuda ?>= ?(?P<wanted>[\d.]*\d)",
        ),
    ),
    Rule(
        Cause.NO_KERNEL_IMAGE,
        (
            "no kernel image is available for execution",
            "cudaErrorNoKernelImageForDevice",
            "is not defined for option 'gpu-name'",
            "Unknown CUDA arch",
            "No compiled cutlass_scaled_mm",
            "cudaErrorInvalidDeviceFunction",
        ),
        captures=(r"\b(?P<arch>sm_\d+)",),
    ),
    Rule(
        Cause.NO_KERNEL_IMAGE,
        ("is not compatible with the current PyTorch installation",),
        rank=Rank.SIGN,
        levels=WARNINGS,
        captures=(r"\b(?P<arch>sm_\d+)",),
    ),
    Rule(
        Cause.DRIVER_TOO_OLD,
        ("Driver/library version mismatch",),
        levels=WARNINGS,
        fields=(("mismatch", "1"),),
    ),
    Rule(
        Cause.GPU_NOT_VISIBLE,
        (
            "Found no NVIDIA driver",
            "No CUDA GPUs are available",
            "no CUDA-capable device is detected",
            "CUDA driver initialization failed",
        ),
        levels=WARNINGS,
    ),
    Rule(
        Cause.GPU_NOT_VISIBLE,
        (
            "Failed to infer device type",
            "libcuda.so.1: cannot open shared object",
            "libcuda.so: cannot open shared object",
            "CUDA unknown error",
            "CUDA error: invalid device ordinal",
            "NVML_ERROR_NOT_FOUND",
            "Device string must not be empty",
        ),
        rank=Rank.SIGN,
        levels=WARNINGS,
        where=STARTING,
    ),
    Rule(
        Cause.ENGINE_DEAD,
        ("masked_scatter_size_check", "totalElements <= srcSize"),
        where=SERVING,
        fields=(("pictures", "1"),),
    ),
    Rule(
        Cause.ENGINE_DEAD,
        (
            "an illegal memory access was encountered",
            "device-side assert triggered",
            "unspecified launch failure",
            "an illegal instruction was encountered",
            "misaligned address",
            "CUBLAS_STATUS_EXECUTION_FAILED",
            "CUDNN_STATUS_EXECUTION_FAILED",
            "GPU has fallen off the bus",
            "GPU is lost",
            "uncorrectable ECC error",
            "NVRM: Xid",
        ),
        fields=(("gpu", "1"),),
    ),
)
