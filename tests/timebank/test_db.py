"""The file that a small installation keeps everything in."""

import stat
from pathlib import Path

from sqlalchemy import create_engine, text

from timebank.db import engine_options, prepare_engine


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    engine = create_engine(f"sqlite:///{path}", **engine_options(f"sqlite:///{path}"))
    prepare_engine(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE names (name TEXT)"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    engine.dispose()
    assert len(modes) > 1
    assert set(modes.values()) == {0o600}


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    path.touch(mode=0o640)
    path.chmod(0o640)
    engine = create_engine(f"sqlite:///{path}", **engine_options(f"sqlite:///{path}"))
    prepare_engine(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE names (name TEXT)"))
    engine.dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
