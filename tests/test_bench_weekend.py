"""The weekend that is measured, small: its door opens before somebody waits for the large one."""

from pathlib import Path

import pytest

from bench import weekend


def test_the_weekend_that_is_measured_has_an_open_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weekend, "BY_NAME", 3)
    place = weekend.open_weekend(tmp_path / "weekend")
    client = place.app.test_client(use_cookies=False)
    answer = client.get(f"{place.path}/door", headers={"Cookie": place.cookie})
    assert answer.status_code == 200
    assert 'id="door-contacts">1<' in answer.get_data(as_text=True)
    assert len(place.guests) == 2


def test_how_long_nineteen_of_twenty_take() -> None:
    assert weekend.percentile([float(number) for number in range(1, 21)]) == 19.0
