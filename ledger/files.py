"""Put files in place whole or not at all."""

import os
import tempfile
from pathlib import Path


def put(path: Path, content: bytes, *, mode: int = 0o644, sync_name: bool = True) -> bool:
    """Write a file beside its place, make it durable, then move it there.

    Args:
        path: The place.
        content: What is to be in it.
        mode: Who may read it.
        sync_name: Whether its name is to be durable too; whoever writes many files does so
            once for each folder, with `sync_folder`.

    Returns:
        Whether it was written; a file with these bytes already is left alone.

    Raises:
        OSError: If it can not be written; what was there before is there still.
    """
    if holds(path, content):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).chmod(mode)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    if sync_name:
        sync_folder(path.parent)
    return True


def holds(path: Path, content: bytes) -> bool:
    """Whether a file is there and has these bytes."""
    return path.is_file() and path.read_bytes() == content


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
