"""Of mixed spreadsheets most are read wholly right and none wrongly; benchmarks/office/run.py tries hundreds."""

import mixer
import pytest

from forecast.data.tables import UserError
from forecast.exchange import spreadsheet


@pytest.mark.parametrize("seed", range(30_000, 30_012))
def test_a_mixed_spreadsheet_is_read_rightly_or_not_at_all(tmp_path, seed):
    pytest.importorskip("xlwt")
    pytest.importorskip("odf")
    made = mixer.make(seed)
    (tmp_path / made.name).write_bytes(made.data)
    try:
        found = spreadsheet.read(tmp_path / made.name, made.place)
    except UserError as error:
        assert "--map" in str(error) or "expected" in str(error)
        return
    read = found.counts.assign(unit=list(found.units)).set_index(["unit", "month"])
    right = made.right.set_index(["unit", "month"])
    assert sorted(read.index) == sorted(right.index)
    for measure in right:
        assert (read[measure].reindex(right.index) == right[measure]).all()
