"""A user's mistake is one line on stderr that names the thing, its value and what is allowed; exit code 2."""

from __future__ import annotations

import pytest

from symconv.cli import run

MISTAKES = {
    "unknown layer": (["derive", "conv2"], ["conv2", "conv2d"]),
    "unknown option": (["derive", "conv2d", "--stridez", "2,2"], ["--stridez", "--strides"]),
    "unknown command": (["deriv"], ["deriv"]),
    "attribute of another layer": (["derive", "dense", "--strides", "2"], ["strides"]),
    "wrong rank": (["derive", "conv2d", "--strides", "2,2,2"], ["strides", "2, 2, 2"]),
    "zero stride": (["derive", "conv2d", "--strides", "0,1"], ["strides", "0"]),
    "negative stride": (["derive", "conv2d", "--strides", "-2,1"], ["strides", "-2"]),
    "negative pad": (["derive", "conv2d", "--pads", "1,1,-1,1"], ["pads", "-1"]),
    "fraction": (["derive", "conv2d", "--kernel-shape", "3,1.5"], ["kernel_shape", "1.5"]),
    "huge": (["derive", "conv2d", "--kernel-shape", f"3,{2**64}"], ["kernel_shape", str(2**64)]),
    "thousands of digits": (["derive", "conv2d", "--kernel-shape", "3," + "9" * 5000], ["kernel_shape"]),
    "kernel too large": (
        ["derive", "conv2d", "--kernel-shape", "5,5", "--pads", "0,0,0,0", "--strides", "1,1", "--dilations", "1,1",
         "--input-shape", "1,1,4,4"],
        ["kernel", "5", "4"],
    ),
    "given twice": (["derive", "conv2d", "--pads", "1,1,1,1", "--padding", "1,1"], ["pads", "padding"]),
    "code as a name": (["derive", "conv2d", "--strides", "__import__('os').system('true'),1"], ["strides"]),
    "code as a function": (["derive", "elementwise", "--function", "__import__('os').getcwd()"], ["__import__"]),
    "not affine": (["derive", "formula", "--formula", "y[i] = sum(j) x[i*j]"], ["i*j", "affine"]),
    "no such gradient": (["derive", "conv2d", "--wrt", "q"], ["q", "x, w, b"]),
    "no such equation": (["prove", "--equation", "99"], ["99", "22"]),
    "equality of two results": (["prove", "--equal", "y[i] = x[i]", "z[i] = x[i]"], ["y", "z"]),
    "equality at a symbolic stride": (["prove", "--equal", "y[i] = x[s*i]", "y[i] = x[s*i]"], ["s"]),
    "equation and equality": (["prove", "--equation", "1", "--equal", "y = x", "y = x"], ["--equation", "--equal"]),
    "no such format": (["prove", "--format", "docx"], ["docx", "latex"]),
    "missing spec": (["derive", "--spec", "missing.toml"], ["missing.toml"]),
    "attributes without a layer": (["derive", "--strides", "2,2"], ["--strides", "conv2d"]),
    "explain what": (["derive", "conv2d", "--explain", "love"], ["love", "padding"]),
    "explain a layer without taps": (["derive", "dense", "--explain", "flip"], ["flip"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, nothing on stdout, one line on stderr that names what is wrong."""
    arguments, expected = MISTAKES[name]
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("symconv: error: ")
    assert err.count("\n") == 1
    assert len(err) < 500
    for part in expected:
        assert part in err


def test_an_existing_file_is_not_overwritten(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o refuses a file that is there, and replaces it whole with --force."""
    path = tmp_path / "notes.md"
    path.write_text("mine")
    arguments = ["derive", "conv1d", "--wrt", "b", "--format", "markdown", "-o", str(path)]
    assert run(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert run([*arguments, "--force"]) == 0
    assert "∂" in path.read_text() or r"\partial" in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["notes.md"]


def test_a_folder_that_is_not_there(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the option and the path."""
    assert run(["derive", "conv1d", "--wrt", "b", "-o", str(tmp_path / "none" / "a.md")]) == 2
    err = capsys.readouterr().err
    assert "-o" in err
    assert err.count("\n") == 1
