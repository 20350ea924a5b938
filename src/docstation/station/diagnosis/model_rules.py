"""What servers say of checkpoints: missing, damaged, refused, unknown. Part of the diagnosis table."""

from __future__ import annotations

from docstation.station.causes import Cause
from docstation.station.diagnosis.rule import STARTING, WARNINGS, Place, Rank, Rule

MODEL = (
    Rule(
        Cause.REMOTE_CODE,
        (
            "contains custom code which must be executed",
            "requires you to execute the configuration file",
            "requires you to execute the modeling file",
            "argument `trust_remote_code=True`",
            "option `trust_remote_code=True`",
        ),
    ),
    Rule(
        Cause.PROCESSOR_BROKEN,
        ("packages that were not found in your environment",),
        captures=(r"not found in your environment: (?P<package>[\w.,+ -]{1,80}?)\. ",),
    ),
    Rule(
        Cause.PROCESSOR_BROKEN,
        (
            "'str' object has no attribute '__module__'",
            "No module named 'transformers_modules",
            "cannot import name … from 'transformers",
            "Unrecognized processing class in",
            "Unrecognized image processor in",
            "Can't instantiate a processor",
            "Invalid type of HuggingFace processor",
        ),
    ),
    Rule(Cause.PROCESSOR_BROKEN, ("Failed to apply … on data=",), where=STARTING),
    Rule(
        Cause.PROCESSOR_BROKEN,
        ("^ImportError", "^ModuleNotFoundError", "^AttributeError", "^TypeError"),
        near=("transformers_modules",),
        where=STARTING,
    ),
    Rule(
        Cause.MODEL_UNSUPPORTED,
        (
            "is not supported for the current GPU",
            "only supported on GPUs with compute capability",
            "Int8 not supported on SM",
        ),
        captures=(
            r"Minimum capability: (?P<minimum>\d+)",
            r"Current capability: (?P<current>\d+)",
            r"capability of at least (?P<minimum>[\d.]*\d)",
            r"has compute capability (?P<current>[\d.]*\d)",
        ),
        fields=(("gpu", "1"),),
    ),
    Rule(
        Cause.MODEL_UNSUPPORTED,
        (
            "are not supported for now",
            "Transformers does not recognize this architecture",
            "failed to be inspected",
            "has no vLLM implementation",
            "Unknown quantization method",
            "Unsupported quantization",
            "static_scaled_fp8_quant() expected",
        ),
        captures=(
            r"architectures \['(?P<architecture>\w+)'",
            r"model type `(?P<architecture>[\w.-]+)`",
            r"(?m)^(?:ValueError: )?(?P<architecture>\w+) has no vLLM implementation",
        ),
    ),
    Rule(
        Cause.HUB_GATED,
        (
            "Cannot access gated repo",
            "trying to access a gated repo",
            "is a gated repository",
            "GatedRepoError",
            "Access to model … is restricted",
            "Invalid user token",
            "Invalid username or password",
            "Invalid credentials in Authorization header",
        ),
        captures=(
            r"Access to model (?P<repository>[\w.-]+/[\w.-]+) is restricted",
            r"huggingface\.co/(?:api/models/)?(?P<repository>[\w.-]+/[\w.-]*\w)",
        ),
    ),
    Rule(
        Cause.HUB_UNREACHABLE,
        (
            "We couldn't connect to",
            "cannot find the requested files in the local cache",
            "Error while downloading from",
            "429 Client Error",
            "500 Server Error",
            "502 Server Error",
            "503 Server Error",
            "504 Server Error",
        ),
        where=STARTING,
        captures=(r"connect to '(?P<address>https?://[\w.:-]+)'",),
    ),
    Rule(
        Cause.HUB_UNREACHABLE,
        (
            "thrown while requesting",
            "Max retries exceeded with url",
            "Temporary failure in name resolution",
            "Name or service not known",
            "Network is unreachable",
            "CERTIFICATE_VERIFY_FAILED",
            "ConnectTimeout",
            "ReadTimeout",
        ),
        where=frozenset({Place.START, Place.LOAD}),
        rank=Rank.SIGN,
        levels=WARNINGS,
        captures=(r"(?P<address>https?://[\w.-]+)",),
    ),
    Rule(
        Cause.WEIGHTS_MISSING,
        ("Repository Not Found", "RepositoryNotFoundError", "is not a valid model identifier", "Invalid rev id"),
        where=STARTING,
        captures=(
            r"huggingface\.co/(?:api/models/)?(?P<repository>[\w.-]+/[\w.-]*\w)",
            r"(?m)^(?:OSError: )?(?P<repository>[\w.-]+/[\w.-]+) is not a local folder",
        ),
    ),
    Rule(
        Cause.WEIGHTS_MISSING,
        (
            "Cannot find an appropriate cached snapshot folder",
            "offline mode is enabled",
            "outgoing traffic has been disabled",
            "Cannot find any model weights with",
            "No model weights found in",
            "Repo id must be in the form",
            "Invalid repository ID or local directory",
        ),
        where=STARTING,
    ),
    Rule(
        Cause.WEIGHTS_CORRUPT,
        (
            "SafetensorError",
            "Error while deserializing header",
            "PytorchStreamReader failed",
            "There is no module or parameter named",
            "weights were not initialized from checkpoint",
            "Attempted to load weight",
            "size mismatch for",
            "invalid load key",
            "is not a valid JSON file",
            "Consistency check failed",
            "does not appear to have a file named",
            "instantiate the backend tokenizer",
            "Can't load tokenizer for",
            "Can't load image processor for",
            "Can't load the configuration of",
        ),
        where=STARTING,
    ),
    Rule(
        Cause.WEIGHTS_CORRUPT,
        ("^AssertionError", "^KeyError:", "must match the size of tensor", "exceeds dimension size"),
        near=("in load_weights", "in weight_loader", "in default_weight_loader", "_weight_loader"),
        where=frozenset({Place.LOAD}),
    ),
)
