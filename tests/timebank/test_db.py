"""The file that a small installation keeps everything in."""

import stat
from pathlib import Path

from sqlalchemy import create_engine, text

from timebank.db import engine_options, learn_how_full, prepare_engine


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


def test_a_database_that_was_counted_takes_the_index_that_narrows_most(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'counted.sqlite3'}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    question = text(
        "EXPLAIN QUERY PLAN SELECT balance FROM leg"
        " WHERE book = 1 AND payer = 'M7' AND seq <= 900 ORDER BY seq DESC LIMIT 1"
    )
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE leg (book INTEGER, seq INTEGER, payer TEXT, balance INTEGER,"
                " PRIMARY KEY (book, seq)) WITHOUT ROWID"
            )
        )
        connection.execute(text("CREATE UNIQUE INDEX by_payer ON leg (book, payer, seq)"))
        connection.execute(
            text("INSERT INTO leg VALUES (1, :seq, :payer, 0)"),
            [{"seq": seq, "payer": f"M{seq % 200}"} for seq in range(1000)],
        )
        assert "by_payer" not in str(connection.execute(question).all())
        learn_how_full(connection)
    engine.dispose()
    with engine.connect() as connection:
        assert "by_payer" in str(connection.execute(question).all())
    engine.dispose()
