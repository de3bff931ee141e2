"""What `lecture-nets explorer` writes and says."""

import json

import pytest

from lecture_nets import cli
from lecture_nets.nets import NETS


def test_it_writes_a_script_with_all_networks(tmp_path, capsys):
    assert cli.main(["explorer", str(tmp_path / "explorer")]) == 0
    target = tmp_path / "explorer" / "networks.js"
    assert capsys.readouterr() == (f"{target}\n", "")
    declaration, data = target.read_text().rstrip(";\n").split(" = ", 1)
    assert declaration == "const BLUEPRINTS"
    assert list(json.loads(data)["networks"]) == list(NETS)


def test_a_folder_that_is_a_file_is_one_line(tmp_path, capsys):
    path = tmp_path / "page.html"
    path.touch()
    assert cli.main(["explorer", str(path)]) == cli.BAD_DATA
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_folder_it_says_what_is_missing(capsys):
    with pytest.raises(SystemExit):
        cli.main(["explorer"])
    assert "the following arguments are required: folder" in capsys.readouterr().err
