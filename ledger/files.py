"""Put files in place whole or not at all."""

import os
import tempfile
from pathlib import Path


def put(path: Path, content: bytes, *, mode: int = 0o644) -> bool:
    """Put a file in place, its name made durable too; one with these bytes is left alone.

    Returns:
        Whether it was written.

    Raises:
        OSError: As `write` does.
    """
    if holds(path, content):
        return False
    write(path, content, mode=mode)
    sync_folder(path.parent)
    return True


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file beside its place, make it durable, then move it there.

    Its name is not made durable: whoever writes many files does so once for each folder, with
    `sync_folder`.

    Args:
        path: The place.
        content: What is to be in it.
        mode: Who may read it.

    Raises:
        OSError: If it can not be written; what was there before is there still.
    """
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
