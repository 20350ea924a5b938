"""Words for what is seen before the model that serves is touched: the budget, the engine, image, weights, port, GPU."""

from __future__ import annotations

from docstation.messages.marking import N_
from docstation.station.causes import Cause
from docstation.station.remedies.words import Words

BEFORE: dict[Cause, tuple[Words, ...]] = {
    Cause.BUDGET: (
        Words(
            N_("{model} does not fit into the memory budget."),
            N_("`docstation plan {model}` shows the bill and what would have to change; a smaller variant needs less."),
        ),
    ),
    Cause.ENGINE_DOWN: (
        Words(
            N_("The container engine does not answer."),
            N_("Start Docker (`sudo systemctl start docker`, or Docker Desktop), then check with `docstation doctor`."),
        ),
    ),
    Cause.ENGINE_DENIED: (
        Words(
            N_("The container engine does not let this user in."),
            N_("Run `sudo usermod -aG docker $USER`, log in again, then check with `docstation doctor`."),
        ),
    ),
    Cause.ENGINE_UNSUPPORTED: (
        Words(
            N_("What would start models here cannot do what the station needs."),
            N_("Install Docker 20.10 or newer (under Windows in WSL 2); `docstation doctor` shows what was found."),
        ),
    ),
    Cause.PROGRAM_MISSING: (
        Words(
            N_("vLLM needs {program}, which is not there."),
            N_("Install it, for instance with `sudo apt install {package}`, or run {model} in a container."),
            needs=("program", "package"),
        ),
        Words(
            N_("The program `vllm` was not found."),
            N_(
                "In a container: give {model} an `image` that holds vLLM (models.toml). Without one: install vLLM so "
                "that `vllm --version` works; `docstation doctor` shows what was found."
            ),
        ),
    ),
    Cause.IMAGE_MISSING: (
        Words(
            N_("The image {image} is not on this machine."),
            N_("Fetch it with `docstation pull {model}`."),
            needs=("image",),
        ),
        Words(
            N_("The container image of {model} is not on this machine."),
            N_("Fetch it with `docstation pull {model}`."),
        ),
    ),
    Cause.IMAGE_PULL: (
        Words(
            N_("The image {image} could not be fetched."),
            N_("Check the network and `image` of {model} in models.toml, then repeat `docstation pull {model}`."),
            needs=("image",),
        ),
        Words(
            N_("The container image of {model} could not be fetched."),
            N_("Check the network and `image` of {model} in models.toml, then repeat `docstation pull {model}`."),
        ),
    ),
    Cause.WEIGHTS_MISSING: (
        Words(
            N_("The repository {repository} was not found: its name is wrong, or it is private."),
            N_(
                "Correct `checkpoint` of {model} in models.toml; for a private one put a token into the variable "
                "HF_TOKEN. Then run `docstation pull {model}`."
            ),
            needs=("repository",),
        ),
        Words(
            N_("The weights of {model} are not on this machine."),
            N_("Fetch them with `docstation pull {model}`."),
        ),
    ),
    Cause.HUB_GATED: (
        Words(
            N_("{repository} is given only to those who accepted its terms."),
            N_(
                "Accept them on the page of {repository} at Hugging Face, put a token of that account into the "
                "variable HF_TOKEN, then run `docstation pull {model}`."
            ),
            needs=("repository",),
        ),
        Words(
            N_("The hub does not give the weights of {model} to this user."),
            N_(
                "Accept the terms on the model's page, put a valid token into the variable HF_TOKEN, then run "
                "`docstation pull {model}`."
            ),
        ),
    ),
    Cause.HUB_UNREACHABLE: (
        Words(
            N_("{address} cannot be reached, and the files of {model} are not here."),
            N_(
                "Check the network, the proxy (variable HTTPS_PROXY) and the clock, then run `docstation pull "
                "{model}`; afterwards no network is needed."
            ),
            needs=("address",),
        ),
        Words(
            N_("The hub that holds the files of {model} cannot be reached."),
            N_(
                "Check the network, the proxy (variable HTTPS_PROXY) and the clock, then run `docstation pull "
                "{model}`; afterwards no network is needed."
            ),
        ),
    ),
    Cause.DISK_FULL: (
        Words(
            N_("The disk that holds {path} is full."),
            N_(
                "Free some space (`docker image prune` drops images that nothing uses), or put the weights elsewhere "
                "with the setting station.cache."
            ),
            needs=("path",),
        ),
        Words(
            N_("The disk is full."),
            N_(
                "Free some space (`docker image prune` drops images that nothing uses), or put the weights elsewhere "
                "with the setting station.cache."
            ),
        ),
    ),
    Cause.PORT_TAKEN: (
        Words(
            N_("Port {port} is in use by another program."),
            N_("`ss -ltnp sport = :{port}` shows which; end it, or choose another with the setting station.port."),
            needs=("port",),
        ),
        Words(
            N_("The port for {model} is in use by another program."),
            N_("`ss -ltnp` shows which; end it, or choose another with the setting station.port."),
        ),
    ),
    Cause.NAME_TAKEN: (
        Words(
            N_("{name} exists already and was not made by this station."),
            N_(
                "If it is a container that you do not need: `docker rm -f {name}`; else rename it with `docker rename`."
            ),
            needs=("name",),
        ),
        Words(
            N_("A container with the name that {model} needs exists already and was not made by this station."),
            N_("`docker ps -a` shows it; remove it with `docker rm`, or rename it with `docker rename`."),
        ),
    ),
    Cause.BAD_FLAG: (
        Words(
            N_("vLLM does not accept {flag}."),
            N_(
                "Correct or remove it in `arguments` of {model} in models.toml; docs/models.md names the keys that "
                "stand for flags. If it is not there, `image` is older or newer than DocStation knows."
            ),
            needs=("flag",),
        ),
        Words(
            N_("vLLM does not accept the way in which {model} is to be served."),
            N_("Correct the entry of {model} in models.toml; vLLM's own words name what is wrong."),
        ),
    ),
    Cause.GPU_NOT_VISIBLE: (
        Words(
            N_("The model server sees no GPU."),
            N_(
                "`nvidia-smi` must show the card. For Docker install the NVIDIA Container Toolkit, run `sudo "
                "nvidia-ctk runtime configure --runtime=docker` and restart Docker; then check with `docstation "
                "doctor`."
            ),
        ),
    ),
    Cause.DRIVER_TOO_OLD: (
        Words(
            N_("The NVIDIA driver was updated, but the old one is still loaded."),
            N_("Restart the machine (under WSL: `wsl --shutdown`), then `docstation models restore`."),
            needs=("mismatch",),
        ),
        Words(
            N_("The NVIDIA driver is too old: the image of {model} needs CUDA {wanted}."),
            N_(
                "Install a newer driver and restart the machine; `nvidia-smi` shows the CUDA version that it can do. "
                "Or set an older `image` for {model} in models.toml."
            ),
            needs=("wanted",),
        ),
        Words(
            N_("The NVIDIA driver is too old for this version of vLLM."),
            N_(
                "Install a newer driver and restart the machine; `nvidia-smi` shows the CUDA version that it can do. "
                "Or set an older `image` for {model} in models.toml."
            ),
        ),
    ),
    Cause.ENDPOINT_UNREACHABLE: (
        Words(
            N_("The server at {endpoint} does not answer."),
            N_("Check that it runs, and `endpoint` of {model} in models.toml: up to and without /v1."),
            needs=("endpoint",),
        ),
        Words(
            N_("The server that is to answer for {model} does not."),
            N_("Check that it runs, and `endpoint` of {model} in models.toml: up to and without /v1."),
        ),
    ),
    Cause.ENDPOINT_REFUSED: (
        Words(
            N_("The server refuses our key."),
            N_("Put a valid key into the variable {variable}."),
            needs=("variable",),
        ),
        Words(
            N_("The server refuses our key."),
            N_("Put a valid key into the variable that `key_variable` of {model} in models.toml names."),
        ),
    ),
}
