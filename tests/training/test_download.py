"""Downloads from a server on this machine: whole and verified, from the first mirror that has it, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from training.files import idx

from symbp.training import mnist
from symbp.training.download import fetch
from symbp.training.errors import DataError
from symbp.training.idx import read_idx

CONTENT = gzip.compress(idx(np.arange(200, dtype=np.uint8)), mtime=0)
MD5 = hashlib.md5(idx(np.arange(200, dtype=np.uint8))).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.strip("/").partition("/")[0]
        body = {"good": CONTENT, "cut": CONTENT[:-20], "other": gzip.compress(b"another file")}.get(name)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) if name == "cut" else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as held:
        thread = threading.Thread(target=held.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{held.server_port}"
        held.shutdown()
        thread.join()


def verify(path: Path) -> object:
    return read_idx(path, md5=MD5)


def test_the_first_whole_file_is_kept(server: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.gz"
    fetch([f"{server}/{name}" for name in ("absent", "cut", "other", "good")], path, verify, quiet=True)
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["file.gz"]


def test_nothing_is_kept_where_no_mirror_has_it(server: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        fetch([f"{server}/{name}" for name in ("absent", "cut", "other")], tmp_path / "file.gz", verify, quiet=True)
    message = str(caught.value)
    assert message.startswith("file.gz could not be fetched:")
    assert [part in message for part in ("absent: HTTP Error 404", "/cut:", "/other:")] == [True] * 3
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="refused"):
        fetch(["http://127.0.0.1:9/file"], tmp_path / "file", verify, quiet=True)


def test_mnist_is_fetched_file_by_file(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tuple(mnist.File(f"good-{i}", MD5, 200, 1) for i in range(2))
    monkeypatch.setattr(mnist, "FILES", files)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "good-0.gz").write_bytes(b"kept as it is")
    place = mnist.download_mnist(tmp_path, [f"{server}/absent/", f"{server}/good/"], quiet=True)
    assert (place / "good-0.gz").read_bytes() == b"kept as it is"
    assert (place / "good-1.gz").read_bytes() == CONTENT
