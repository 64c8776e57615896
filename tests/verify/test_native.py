"""Declarations of C functions, and candidates in C."""

from __future__ import annotations

from pathlib import Path

import pytest

from symconv.build.cache import shared_library
from symconv.build.compiler import ToolError, find_compiler
from symconv.cli import run
from symconv.ir import UserError
from symconv.layers import build_layer
from symconv.verify.c_roles import c_roles
from symconv.verify.prototype import CParameter, find_prototype, parse_prototype
from symconv.verify.verify import Options, verify
from tests.verify import candidates

SOURCE = """
#include <stddef.h>
#define LOST(x) void lost(int x) {
/* void commented(const float *x, float *y); */
static float helper(float a) { return 2 * a; }
extern int relu_forward(const float *restrict x, float y[], const size_t n,
                        unsigned long c /* channels */, int h, int w)
{
    for (size_t i = 0; i < n * c * h * w; i++) y[i] = x[i] > 0 ? x[i] : 0;
    return 0;
}
void relu_strays(const float *x, float *y, int n, int c, int h, int w)
{
    for (int i = 0; i <= n * c * h * w; i++) y[i] = x[i] > 0 ? x[i] : 0;
}
void table(float **rows, int n) { rows[0][0] = n; }
"""


def test_a_declaration() -> None:
    found = parse_prototype("void conv(const float *x, double y[][3], unsigned long n, const int32_t k)")
    assert found.name == "conv"
    assert found.parameters == (
        CParameter("x", "float", True, True),
        CParameter("y", "double", True, False),
        CParameter("n", "unsigned long", False, False),
        CParameter("k", "int32_t", False, True),
    )


def test_a_definition_in_a_file() -> None:
    found = find_prototype(SOURCE, "relu_forward")
    assert [p.name for p in found.parameters] == ["x", "y", "n", "c", "h", "w"]
    assert found.line == 6
    assert [role for _, role in c_roles(found, {})] == ["x", "y", "N", "C", "H", "W"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lost", "there is no function lost in it; it has helper, relu_forward, relu_strays, table"),
        ("commented", "there is no function commented"),
        ("helper", "static"),
        ("table", "arrays of float or double"),
    ],
)
def test_what_cannot_be_called(name: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        find_prototype(SOURCE, name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("conv", "give one declaration"),
        ("void conv(struct image x)", "arrays of float or double"),
        ("void conv(const half *x)", "half"),
    ],
)
def test_a_signature_that_is_none(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse_prototype(text)


def test_roles() -> None:
    same = parse_prototype(
        "void conv(const float *x, const float *w, float *out, int n, int r, int s, int stride, int padT)"
    )
    assert [role for _, role in c_roles(same, {})] == ["x", "w", "y", "N", "KH", "KW", "stride", "pad_top"]
    with pytest.raises(UserError, match="--bind zz=ROLE"):
        c_roles(parse_prototype("void conv(const float *x, int zz)"), {})
    with pytest.raises(UserError, match="x and in of conv are both x"):
        c_roles(parse_prototype("void conv(const float *x, const float *in)"), {})
    settled = c_roles(parse_prototype("void conv(const float *x, int zz)"), {"zz": "N"})
    assert settled[1][1] == "N"


@pytest.fixture(name="compiler", scope="module")
def needs_a_compiler() -> None:
    try:
        find_compiler()
    except ToolError as error:
        pytest.skip(f"NO C COMPILER: candidates in C are not verified ({error})")


def test_a_library_needs_a_signature(compiler: None, capsys: pytest.CaptureFixture[str]) -> None:
    library = shared_library(SOURCE, native=False)
    assert run(["verify", f"{library}:relu_forward", "relu"]) == 2
    assert "--signature" in capsys.readouterr().err
    signature = "int relu_forward(const float *x, float *y, size_t n, unsigned long c, int h, int w)"
    assert run(["verify", f"{library}:relu_forward", "relu", "--signature", signature]) == 0
    assert run(["verify", f"{library}:relu_forward", "relu", "--signature", "void other(float *x)"]) == 2


def test_a_write_outside_is_a_crash(compiler: None, tmp_path: Path) -> None:
    path = tmp_path / "relu.c"
    path.write_text(SOURCE)
    assert verify(f"{path}:relu_forward", build_layer("relu", {})).verdict == "correct"
    found = verify(f"{path}:relu_strays", build_layer("relu", {}))
    assert found.verdict == "crashed"
    assert found.outputs["y"].cause == "crash"
    assert "1 entries after it" in found.notes[0]


def test_a_source_that_does_not_compile(compiler: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.c"
    path.write_text("void conv(const float *x, float *y, int n) { y[0] = z; }")
    assert run(["verify", f"{path}:conv", "relu"]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_name_that_was_settled(compiler: None, tmp_path: Path) -> None:
    path = tmp_path / "relu.c"
    path.write_text(
        "void f(const double *p, double *q, int m) { for (int i = 0; i < m; i++) q[i] = p[i] > 0 ? p[i] : 0; }"
    )
    roles = {"p": "x", "q": "y", "m": "C"}
    assert verify(f"{path}:f", build_layer("relu", {"rank": 1}), Options(roles=roles)).verdict == "correct"


def test_the_file_of_candidates_has_what_its_table_says() -> None:
    source = (Path(candidates.__file__).parent / "conv.c").read_text()
    for c in candidates.CANDIDATES:
        if c.file == "conv.c":
            assert find_prototype(source, str(c.target)).parameters
