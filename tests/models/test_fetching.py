import errno
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from models.hub_server import REPOSITORY, TOKEN, HubServer, digest, hub_server

from docstation.models.blob_download import Part
from docstation.models.fetching import FetchProgress, fetch, free_bytes
from docstation.models.hub import Hub, Unfetched
from docstation.models.hub_cache import RepositoryCache
from docstation.models.hub_listing import HubFile, Listing, StoredListings, is_sound, needed

SHARD = "model.safetensors"
FILES = {
    "config.json": b'{"model_type": "small"}',
    "tokenizer.json": b'{"tokens": []}' * 100,
    "chat_template.jinja": b"{{ messages }}",
    "modeling_small.py": b"",
    SHARD: bytes(range(256)) * 4096,
}
OTHERS = {
    "pytorch_model.bin": b"the same once more",
    "README.md": b"# Small reader",
    ".gitattributes": b"*.bin filter=lfs",
    "figures/page.png": b"\x89PNG",
    "original/consolidated.00.pth": b"and once more",
}


@pytest.fixture
def server(monkeypatch):
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with hub_server() as made:
        made.push(FILES | OTHERS)
        yield made


@pytest.fixture
def cache(tmp_path):
    return RepositoryCache(tmp_path / "hub", REPOSITORY)


def ignore(_progress: FetchProgress) -> None:
    """Nobody watches."""


def load(server: HubServer, cache: RepositoryCache, told=ignore, waits=(0, 0), distrusted=()) -> Listing:
    """Fetch the newest commit; its listing."""
    hub = Hub(server.address)
    listing = hub.listing(REPOSITORY)
    fetch(hub, cache, cache.stock(listing, distrusted), told, waits=waits)
    return listing


# Which files.


def test_of_a_repository_only_what_a_server_reads_is_fetched(server, cache):
    listing = load(server, cache)
    folder = cache.snapshot(listing.revision)
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == FILES
    assert {one.path for one in server.asked} == set(FILES) - {"modeling_small.py"}


def named(*paths: str) -> list[HubFile]:
    return [HubFile(path, 1, digest(path, b"x")) for path in paths]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        (["a.safetensors", "b.bin", "c.pt"], ["a.safetensors"]),
        (["b.bin", "c.pt", "training_args.bin"], ["b.bin"]),
        (["c.pt", "optimizer.pt"], ["c.pt"]),
        (["model-1.safetensors", "consolidated.safetensors"], ["model-1.safetensors"]),
        (["consolidated.safetensors"], ["consolidated.safetensors"]),
        (["a.safetensors", "onnx/b.safetensors"], ["a.safetensors"]),
        (["parts/b.safetensors"], ["parts/b.safetensors"]),
        (["a.gguf", "config.json"], []),
    ],
)
def test_weights_are_taken_once(there, wanted):
    assert [one.path for one in needed(named(*there))] == wanted


@given(st.text(alphabet="ab./\\\n\x00 é", max_size=12))
def test_a_name_that_is_taken_stays_in_its_folder(path):
    if is_sound(HubFile(path, 0, "0" * 40)):
        joined = os.path.normpath(f"/folder/{path}")
        assert joined == f"/folder/{path}"
        assert path.isprintable()


@pytest.mark.parametrize("path", ["../config.json", "/etc/config.json", "a/../../config.json", "", ".", "a//b.json"])
def test_a_name_that_leads_elsewhere_is_left_out(path):
    assert needed([*named("a.safetensors"), HubFile(path, 1, "0" * 40)]) == tuple(named("a.safetensors"))


def test_a_digest_that_is_none_is_left_out():
    assert needed([HubFile("a.safetensors", 1, "../../x")]) == ()


# The cache.


def test_the_library_of_the_hub_finds_what_was_fetched(server, cache):
    from huggingface_hub import scan_cache_dir, snapshot_download

    listing = load(server, cache)
    cache.set_main(listing.revision)
    found = partial(snapshot_download, REPOSITORY, cache_dir=cache.folder.parent, local_files_only=True)
    # Without patterns, as vLLM does offline: a listing of the whole repository would count ours as broken off.
    assert Path(found(revision=listing.revision)) == Path(found()) == cache.snapshot(listing.revision)
    scanned = scan_cache_dir(cache.folder.parent)
    assert not scanned.warnings
    assert scanned.size_on_disk == sum(map(len, FILES.values()))


def test_the_folder_of_a_commit_appears_when_it_is_whole(server, cache):
    seen = []
    listing = load(server, cache, lambda at: seen.append((at, cache.folder.joinpath("snapshots").exists())))
    assert [there for _at, there in seen] == [False] * (len(seen) - 1) + [True]
    assert seen[-1][0] == FetchProgress(5, 5, listing.bytes, listing.bytes)


def test_what_is_there_is_not_loaded_again(server, cache):
    load(server, cache)
    server.asked.clear()
    server.push(FILES | {"config.json": b"{}"})
    load(server, cache)
    assert [one.path for one in server.asked] == ["config.json"]


def test_the_same_content_under_two_names_is_loaded_once(server, cache):
    server.push(FILES | {"copy.safetensors": FILES[SHARD]})
    listing = load(server, cache)
    assert len(server.loads(SHARD)) + len(server.loads("copy.safetensors")) == 1
    assert not list(cache.damages(listing, deep=True))


def test_two_fetches_at_once_load_each_content_once(server, cache):
    threads = [threading.Thread(target=load, args=(server, cache)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.loads(SHARD) == [0]
    assert not list(cache.damages(Hub(server.address).listing(REPOSITORY), deep=True))


def test_a_disk_without_links_holds_the_contents_themselves(server, cache, monkeypatch):
    def no_links(*_arguments):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    server.push(FILES | {"copy.safetensors": FILES[SHARD]})
    listing = load(server, cache)
    assert not list(cache.damages(listing, deep=True))
    assert not cache.stock(listing).missing
    assert not any(path.is_symlink() for path in cache.snapshot(listing.revision).iterdir())


# Broken off.


def test_a_cut_connection_is_gone_on_with(server, cache):
    server.cuts[SHARD] = [300_000, 400_000]
    listing = load(server, cache)
    assert server.loads(SHARD) == [0, 300_000, 700_000]
    assert not list(cache.damages(listing, deep=True))


def test_attempts_are_counted_anew_whenever_bytes_come(server, cache):
    server.cuts[SHARD] = [1000] * 6
    load(server, cache, waits=(0,))
    assert len(server.loads(SHARD)) == 7


def test_a_fetch_that_was_given_up_is_gone_on_with_later(server, cache):
    server.cuts[SHARD] = [500_000, 0]
    with pytest.raises(Unfetched) as caught:
        load(server, cache, waits=())
    assert (caught.value.reason, caught.value.passing) == ("hub-unreachable", True)
    assert not cache.folder.joinpath("snapshots").exists()
    listing = Hub(server.address).listing(REPOSITORY)
    assert cache.stock(listing).kept[SHARD] == 500_000
    server.cuts.clear()
    load(server, cache)
    assert server.loads(SHARD)[-1] == 500_000
    assert not list(cache.damages(listing, deep=True))


def test_a_server_that_cannot_go_on_is_taken_from_the_start(server, cache):
    server.ranges = False
    server.cuts[SHARD] = [500_000]
    assert not list(cache.damages(load(server, cache), deep=True))


def test_a_part_that_was_spoilt_is_loaded_anew(server, cache):
    listing = Hub(server.address).listing(REPOSITORY)
    shard = next(one for one in listing.files if one.path == SHARD)
    cache.part(shard).parent.mkdir(parents=True)
    cache.part(shard).write_bytes(b"\0" * 500_000)
    load(server, cache)
    assert server.loads(SHARD) == [500_000, 0]
    assert not list(cache.damages(listing, deep=True))


def test_a_part_that_is_too_long_is_loaded_anew(server, cache):
    listing = Hub(server.address).listing(REPOSITORY)
    shard = next(one for one in listing.files if one.path == SHARD)
    cache.part(shard).parent.mkdir(parents=True)
    cache.part(shard).write_bytes(FILES[SHARD] + b"more")
    assert cache.stock(listing).kept[SHARD] == 0
    load(server, cache)
    assert server.loads(SHARD) == [0]


@pytest.mark.parametrize("sent", [bytes(len(FILES[SHARD])), FILES[SHARD] + b"more"])
def test_what_is_not_what_was_announced_is_not_kept(server, cache, sent):
    server.spoilt[SHARD] = sent
    with pytest.raises(Unfetched) as caught:
        load(server, cache)
    assert (caught.value.reason, caught.value.detail) == ("weights-corrupt", SHARD)
    shard = digest(SHARD, FILES[SHARD])
    assert not cache.folder.joinpath("blobs", shard).exists()
    assert cache.folder.joinpath("blobs", f"{shard}.incomplete").stat().st_size == 0
    assert not cache.folder.joinpath("snapshots").exists()


def test_a_busy_hub_is_asked_again(server, cache):
    server.refusals[SHARD] = [503, 429]
    load(server, cache)
    assert len(server.loads(SHARD)) == 3


def test_an_interrupted_fetch_keeps_what_it_has(server, cache):
    server.held, server.held_at = SHARD, 600_000

    def interrupt(_at: FetchProgress) -> None:
        if server.reached.is_set():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(server, cache, interrupt)
    server.held = ""
    server.release.set()
    load(server, cache)
    assert 0 < server.loads(SHARD)[1] <= 600_000


def test_a_full_disk_ends_the_fetch_and_keeps_what_it_has(server, cache, monkeypatch):
    add = Part.add

    def full(part: Part, piece: bytes) -> None:
        if part.size + len(piece) > 500_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(part, piece)

    with monkeypatch.context() as spoilt:
        spoilt.setattr(Part, "add", full)
        with pytest.raises(OSError, match="No space"):
            load(server, cache)
    assert not cache.folder.joinpath("snapshots").exists()
    load(server, cache)
    assert 0 < server.loads(SHARD)[1] <= 500_000


def test_free_space_is_that_of_the_disk_on_which_the_folder_will_be(tmp_path):
    assert free_bytes(tmp_path / "not" / "yet") > 0


def test_the_token_goes_to_the_hub_and_no_further(server, cache, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    server.repositories[REPOSITORY].private = True
    load(server, cache)
    tokens = {one.path: one.token for one in server.asked}
    assert tokens["config.json"] == TOKEN
    assert tokens[SHARD] == ""


# Checking.


def test_sizes_and_contents_are_compared(server, cache):
    listing = load(server, cache)
    folder = cache.snapshot(listing.revision)
    read: list[int] = []
    assert not list(cache.damages(listing, deep=True, told=read.append))
    assert sum(read) == listing.bytes
    spoil(folder / SHARD, FILES[SHARD][:-1] + b"?")
    spoil(folder / "config.json", b"{")
    (folder / "tokenizer.json").unlink()
    kinds = {one.path: (one.kind, one.found) for one in cache.damages(listing)}
    assert kinds == {"config.json": ("size", 1), "tokenizer.json": ("missing", 0)}
    deep = {one.path: one.kind for one in cache.damages(listing, deep=True)}
    assert deep == {"config.json": "size", "tokenizer.json": "missing", SHARD: "content"}


def test_what_is_damaged_is_fetched_again(server, cache):
    listing = load(server, cache)
    folder = cache.snapshot(listing.revision)
    spoil(folder / "config.json", b"{")
    spoil(folder / SHARD, FILES[SHARD][:-1] + b"?")
    server.asked.clear()
    load(server, cache, distrusted=[one.path for one in cache.damages(listing, deep=True) if one.kind == "content"])
    assert sorted(one.path for one in server.asked) == ["config.json", SHARD]
    assert not list(cache.damages(listing, deep=True))


def test_a_server_that_has_a_damaged_file_open_keeps_it_while_it_is_mended(server, cache):
    listing = load(server, cache)
    path = cache.snapshot(listing.revision) / SHARD
    spoil(path, b"x" * len(FILES[SHARD]))
    with path.open("rb") as served:
        load(server, cache, distrusted=[SHARD])
        assert served.read(1) == b"x"
    assert path.read_bytes() == FILES[SHARD]


def spoil(path: Path, content: bytes) -> None:
    path.resolve().write_bytes(content)


@pytest.mark.parametrize("kept", ["", "[]", '{"files": []}', '{"files": [{"path": "../x", "size": 1, "digest": ""}]}'])
def test_a_kept_listing_that_is_damaged_counts_as_none(tmp_path, kept):
    listing = Listing(REPOSITORY, "0" * 40, tuple(named("a.safetensors", "b.json")))
    stored = StoredListings(tmp_path / "kept")
    assert stored.load(REPOSITORY, listing.revision) is None
    stored.save(listing)
    assert stored.load(REPOSITORY, listing.revision) == listing
    (path,) = (tmp_path / "kept").iterdir()
    path.write_text(kept)
    assert stored.load(REPOSITORY, listing.revision) is None


def test_the_library_of_the_hub_is_loaded_by_nothing_but_a_look_at_it():
    modules = "fetching, hub, hub_cache, hub_listing, blob_download"
    script = f"import sys; from docstation.models import {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"huggingface_hub", "httpx2", "pydantic", "tqdm"} & set(done.stdout.split())
