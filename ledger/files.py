"""Put files in place whole or not at all."""

import os
import tempfile
from pathlib import Path


def put(path: Path, content: bytes, *, mode: int = 0o644) -> bool:
    """Write a file beside its place, make it durable, then move it there.

    Returns:
        Whether it was written; a file with these bytes already is left alone.

    Raises:
        OSError: If it can not be written; what was there before is there still.
    """
    if path.is_file() and path.read_bytes() == content:
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
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
