"""The books as one file to carry away: the same books always give the same bytes.

Notes of the treasurer stay at home, as they may name people; what is in the file is
pseudonymous, whole, and checks itself with stock beancount like the folder it came from.
"""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ledger.books.folder import undisturbed
from ledger.layout import HEAD, LOCAL, MAIN, PLUGIN, Head, mark

#: The folder inside of the file.
INSIDE: Final = "books"
#: The first day a zip file knows: when it was packed, says nothing of the books.
_DAY: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o100644 << 16
#: As long as the books fit into this, no disk is needed.
_MEMORY_BYTES_MAX: Final = 4 * 1024 * 1024


def packed(folder: Path) -> IO[bytes]:
    """Pack exported books; the file goes when it is closed.

    Args:
        folder: Where they are; an export that runs is waited for.

    Returns:
        An open file, at its beginning.

    Raises:
        ledger.layout.FindingError: If the books say nothing of themselves that can be read.
        OSError: If they, or the file, can not be read or written.
    """
    target = tempfile.SpooledTemporaryFile(_MEMORY_BYTES_MAX)  # noqa: SIM115 - the caller's
    try:
        with undisturbed(folder), ZipFile(target, "w", ZIP_DEFLATED) as archive:
            _pack(folder, archive)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _pack(folder: Path, archive: ZipFile) -> None:
    head = Head.parse((folder / HEAD).read_text("utf-8"))
    lines = (folder / MAIN).read_text("utf-8").splitlines(keepends=True)
    alone = "".join(line for line in lines if not line.startswith(f'include "{LOCAL}/')).encode()
    head = replace(head, files=head.files | {MAIN: mark(alone)})
    changed = {MAIN: alone, HEAD: head.text().encode()}
    for name in sorted([*head.files, HEAD, PLUGIN]):
        entry = ZipInfo(f"{INSIDE}/{name}", _DAY)
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, _READABLE
        content = changed.get(name)
        archive.writestr(entry, (folder / name).read_bytes() if content is None else content)
