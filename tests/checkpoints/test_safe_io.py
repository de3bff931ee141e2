"""SafeCheckpointIO: whole files only, whatever happens, and clear words about all others."""

import errno
import faulthandler
import os
import pickle
import random
import resource
import signal
import subprocess
import tempfile
import time
import traceback
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.demos.boring_classes import BoringModel
from lightning.pytorch.plugins.io import AsyncCheckpointIO

from lecture_nets.checkpoints.read import CheckpointError, read_checkpoint
from lecture_nets.checkpoints.safe_io import SafeCheckpointIO
from lecture_nets.checkpoints.write import check_writable, whole_file, write_checkpoint

# Python 3.12 warns of what these tests need: a child that has imported everything already.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")

GOOD = {"epoch": 3, "state_dict": {"weight": torch.arange(1000.0)}}


def fork(action):
    """Start ``action`` in a child that ends with 0, or 1 and a traceback; never hangs."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            faulthandler.dump_traceback_later(30, exit=True)
            torch.set_num_threads(1)
            action()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def exit_code(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def parts(folder):
    return list(Path(folder).glob(".*.part"))


def test_written_file_is_read_back_and_its_sum_is_what_sha256sum_checks(tmp_path):
    write_checkpoint(GOOD, tmp_path / "new" / "a.ckpt")
    loaded = read_checkpoint(tmp_path / "new" / "a.ckpt")
    assert loaded["epoch"] == 3
    assert torch.equal(loaded["state_dict"]["weight"], GOOD["state_dict"]["weight"])
    assert sorted(os.listdir(tmp_path / "new")) == ["a.ckpt", "a.ckpt.sha256"]
    subprocess.run(
        ["sha256sum", "-c", "--quiet", "a.ckpt.sha256"], cwd=tmp_path / "new", check=True
    )


def test_kill_at_any_moment_leaves_a_whole_file(tmp_path):
    file = tmp_path / "a.ckpt"
    dice = random.Random(0)

    def write_for_ever():
        version = 0
        while True:
            version += 1
            weights = {str(i): torch.full((1 << 17,), float(version)) for i in range(4)}  # 2 MiB
            write_checkpoint({"version": version, "state_dict": weights}, file)
            os.write(ready, b".")

    for _ in range(25):
        listen, ready = os.pipe()
        pid = fork(write_for_ever)
        os.read(listen, 1)
        time.sleep(dice.uniform(0, 0.05))
        os.kill(pid, signal.SIGKILL)
        assert exit_code(pid) == -signal.SIGKILL
        os.close(listen)
        os.close(ready)
        loaded = read_checkpoint(file)
        assert all((w == loaded["version"]).all() for w in loaded["state_dict"].values())

    write_checkpoint(GOOD, file)
    assert sorted(os.listdir(tmp_path)) == ["a.ckpt", "a.ckpt.sha256"]  # all leftovers are swept


def test_sweeping_spares_living_writers_and_strangers(tmp_path):
    host, gone = os.uname().nodename, fork(lambda: None)
    assert exit_code(gone) == 0
    names = {
        f".{host}-{gone}-1234abcd.ckpt.part": False,  # killed
        f".elsewhere-{gone}-1234abcd.ckpt.part": False,  # killed on another machine
        "download.zip.part": True,
        ".a-b-c.ckpt.part": True,
    }
    for name in names:
        (tmp_path / name).write_bytes(b"")
    listen, ready = os.pipe()

    def write_slowly():
        # As in a container of the same host name: nobody here knows this process by its number.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "getpid", lambda: gone)
            with whole_file(tmp_path / "slow.ckpt", 1) as part:
                os.write(ready, b".")
                time.sleep(1)
                part.write_bytes(b"done")

    writer = fork(write_slowly)
    os.read(listen, 1)
    write_checkpoint(GOOD, tmp_path / "a.ckpt")
    assert {name: (tmp_path / name).exists() for name in names} == names
    assert exit_code(writer) == 0
    assert (tmp_path / "slow.ckpt").read_bytes() == b"done"


def test_sum_and_file_are_synced_before_they_get_their_names(tmp_path, monkeypatch):
    seen = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda fd: (seen.append(os.readlink(f"/proc/self/fd/{fd}")), sync(fd))
    )
    monkeypatch.setattr(os, "replace", lambda old, new: (seen.append(str(new)), rename(old, new)))
    write_checkpoint(GOOD, tmp_path / "a.ckpt")
    kinds = ["name" if path.endswith(("a.ckpt", ".sha256")) else "sync" for path in seen]
    assert kinds == ["sync", "sync", "name", "name", "sync"]
    assert seen[-1] == str(tmp_path)


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe\x00", b"0" * 64])
def test_sum_that_is_none_is_told_from_a_good_file(tmp_path, content):
    write_checkpoint(GOOD, tmp_path / "a.ckpt")
    (tmp_path / "a.ckpt.sha256").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"delete a\.ckpt\.sha256 to trust it"):
        read_checkpoint(tmp_path / "a.ckpt")


def test_file_size_limit_keeps_the_old_file_and_tells_the_numbers(tmp_path):
    file = tmp_path / "a.ckpt"
    write_checkpoint(GOOD, file)

    def write_too_much():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
        with pytest.raises(OSError, match=r"Needed 8,000,000 bytes, free [0-9,]+") as error:
            write_checkpoint({"state_dict": {"w": torch.zeros(2_000_000)}}, file)
        assert error.value.errno == errno.EFBIG
        assert all(text in str(error.value) for text in (str(file), "File too large", "ulimit -f"))

    assert exit_code(fork(write_too_much)) == 0
    assert read_checkpoint(file)["epoch"] == 3
    assert parts(tmp_path) == []


def test_a_write_that_fails_at_any_byte_keeps_the_old_file(tmp_path):
    file = tmp_path / "a.ckpt"
    write_checkpoint(GOOD, file)
    size = file.stat().st_size

    def fail_everywhere():
        for limit in [*range(0, size, 97), size - 1]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
            with pytest.raises(OSError, match="File too large"):
                write_checkpoint(GOOD | {"epoch": 4}, file)
            assert sorted(os.listdir(tmp_path)) == ["a.ckpt", "a.ckpt.sha256"]
            assert read_checkpoint(file)["epoch"] == 3

    assert exit_code(fork(fail_everywhere)) == 0


def test_full_disk_keeps_the_old_file(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        write_checkpoint(GOOD, tmp_path / "a.ckpt")
        with pytest.raises(OSError, match=r"No space left on device.*Needed 2,000,000") as error:
            write_checkpoint({"state_dict": {"w": torch.ones(500_000)}}, tmp_path / "a.ckpt")
        assert error.value.errno == errno.ENOSPC
        assert read_checkpoint(tmp_path / "a.ckpt")["epoch"] == 3
        assert parts(tmp_path) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.fixture
def closed():
    """A folder closed to writing, outside of `tmp_path`, whose parents only its owner may pass."""
    with tempfile.TemporaryDirectory(prefix="closed-") as folder:
        os.chmod(folder, 0o555)
        yield Path(folder)
        os.chmod(folder, 0o755)


def test_no_permission_is_an_error_and_is_seen_early(closed):

    def as_nobody():
        if os.geteuid() == 0:  # who may write everywhere
            os.setresuid(65534, 65534, 65534)
        for action in (
            lambda: check_writable(closed),
            lambda: check_writable(closed / "to" / "be" / "made"),
            lambda: write_checkpoint(GOOD, closed / "a.ckpt"),
            lambda: SafeCheckpointIO().save_checkpoint(GOOD, closed / "b" / "a.ckpt"),
        ):
            with pytest.raises(PermissionError, match=r"Cannot write .*closed.*Cure: make room"):
                action()

    assert exit_code(fork(as_nobody)) == 0
    assert os.listdir(closed) == []


def test_check_of_a_folder_leaves_no_trace(tmp_path):
    check_writable(tmp_path / "to" / "be" / "made")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"Cannot write .*file.*Not a directory.*Cure"):
        check_writable(tmp_path / "file")


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty: the save was interrupted"),
        (slice(0, 2000), "is cut off"),
        (slice(0, -1), "is cut off"),
        (b"hello, I am a text file", r"is no checkpoint \(starts with b'hello, I"),
        (
            b"\n<!DOCTYPE html><html><body>404</body></html>",
            "is a web page .*: the download failed",
        ),
        (LFS.encode(), "is a Git LFS pointer.* Cure: git lfs pull"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is no checkpoint"),
        (b"\x80\x02" + bytes(100), "is damaged|more than tensors"),
        (b"PK\x03\x04" + bytes(100), "is cut off"),
    ],
)
def test_what_is_no_checkpoint_is_named_and_a_good_one_offered(tmp_path, content, text):
    write_checkpoint(GOOD, tmp_path / "older.ckpt")
    write_checkpoint(GOOD, tmp_path / "good.ckpt")
    os.utime(tmp_path / "older.ckpt", (1, 1))
    file = tmp_path / "bad.ckpt"
    write_checkpoint(GOOD, file)
    (tmp_path / "bad.ckpt.sha256").unlink()
    file.write_bytes(file.read_bytes()[content] if isinstance(content, slice) else content)
    (tmp_path / "newer-but-empty.ckpt").write_bytes(b"")
    with pytest.raises(CheckpointError, match=text) as error:
        read_checkpoint(file)
    assert str(error.value).startswith(str(file))
    assert str(error.value).endswith(f"Newest other good checkpoint there: {tmp_path}/good.ckpt")
    trace = "".join(traceback.format_exception(error.value))
    assert "weights_only=False" not in trace
    assert "weights_only" not in str(error.value)


def test_every_flipped_bit_is_refused(tmp_path):
    file = tmp_path / "a.ckpt"
    write_checkpoint(GOOD, file)
    good, dice = file.read_bytes(), random.Random(0)
    for _ in range(200):
        bad = bytearray(good)
        bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        file.write_bytes(bad)
        with pytest.raises(CheckpointError):
            read_checkpoint(file)
    file.write_bytes(good)
    assert read_checkpoint(file)["epoch"] == 3


def test_a_file_that_another_program_rewrote_says_how_to_trust_it(tmp_path):
    write_checkpoint(GOOD, tmp_path / "a.ckpt")
    torch.save({"epoch": 9}, tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match=r"SHA-256.*delete a.ckpt.sha256 to trust it"):
        read_checkpoint(tmp_path / "a.ckpt")
    (tmp_path / "a.ckpt.sha256").unlink()
    assert read_checkpoint(tmp_path / "a.ckpt")["epoch"] == 9


def test_missing_file_and_folder(tmp_path):
    write_checkpoint(GOOD, tmp_path / "there.ckpt")
    with pytest.raises(FileNotFoundError, match=r"Checkpoints in its folder: there.ckpt"):
        read_checkpoint(tmp_path / "gone.ckpt")
    with pytest.raises(FileNotFoundError, match="Checkpoints in its folder: none"):
        read_checkpoint(tmp_path / "no" / "folder" / "gone.ckpt")
    with pytest.raises(IsADirectoryError, match=r"Newest good file in it: .*there.ckpt"):
        read_checkpoint(tmp_path)


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_foreign_code_never_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save({"a": Evil(f"touch {tmp_path}/ran")}, tmp_path / "evil.ckpt")
    (tmp_path / "old.ckpt").write_bytes(pickle.dumps(Evil(f"touch {tmp_path}/ran"), protocol=2))
    for name in ("evil.ckpt", "old.ckpt"):
        with pytest.raises(CheckpointError, match="foreign code"):
            SafeCheckpointIO().load_checkpoint(tmp_path / name, weights_only=False)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("value", "found"), [(Path("a"), "pathlib.*Path"), (lambda: 0, "lambda"), (open, "open")]
)
def test_what_could_not_be_loaded_again_is_not_saved(tmp_path, value, found):
    file = tmp_path / "a.ckpt"
    write_checkpoint(GOOD, file)
    with pytest.raises(CheckpointError, match=rf"checkpoint\['hyper'\] could.*{found}.*Cure: give"):
        write_checkpoint(GOOD | {"hyper": {"x": value}}, file)
    assert read_checkpoint(file)["epoch"] == 3
    assert parts(tmp_path) == []


def test_a_list_is_no_checkpoint(tmp_path):
    torch.save([1, 2], tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match="holds a list, not a dictionary"):
        read_checkpoint(tmp_path / "a.ckpt")


def trainer(folder, epochs, **saver):
    return Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        callbacks=[ModelCheckpoint(folder, filename="{epoch}", **saver)],
        plugins=[SafeCheckpointIO()],
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_train_batches=2,
        limit_val_batches=0,
    )


@pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty")
def test_trainer_saves_links_removes_and_resumes_with_it(tmp_path):
    trainer(tmp_path, 2, save_last="link").fit(BoringModel())
    # Epoch 0 went, and its sum with it.
    assert sorted(os.listdir(tmp_path)) == ["epoch=1.ckpt", "epoch=1.ckpt.sha256", "last.ckpt"]

    resumed = trainer(tmp_path, 3, save_last="link")
    resumed.fit(BoringModel(), ckpt_path="last")
    assert resumed.global_step == 6
    assert sorted(os.listdir(tmp_path)) == ["epoch=2.ckpt", "epoch=2.ckpt.sha256", "last.ckpt"]

    whole = (tmp_path / "epoch=2.ckpt").read_bytes()
    (tmp_path / "epoch=2.ckpt").write_bytes(whole[:-1] + b"?")
    with pytest.raises(CheckpointError, match=r"last.ckpt has changed since it was saved"):
        trainer(tmp_path, 4).fit(BoringModel(), ckpt_path=tmp_path / "last.ckpt")


def test_it_may_be_wrapped_and_leaves_other_file_systems_to_lightning(tmp_path):
    wrapped = Trainer(plugins=[AsyncCheckpointIO(SafeCheckpointIO())], logger=False)
    assert isinstance(wrapped.strategy.checkpoint_io.checkpoint_io, SafeCheckpointIO)

    plugin = SafeCheckpointIO()
    plugin.save_checkpoint(GOOD, "memory://a.ckpt")
    assert plugin.load_checkpoint("memory://a.ckpt")["epoch"] == 3
    plugin.remove_checkpoint("memory://a.ckpt")
    with pytest.raises(FileNotFoundError):
        plugin.load_checkpoint("memory://a.ckpt")
