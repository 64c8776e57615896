"""Little matrices: every rank, the mark, and blocks side by side."""

from __future__ import annotations

from fractions import Fraction

from symconv.emit.matrix import beside, latex_matrix, matrix_block, slices, table_blocks
from symconv.prove.verdict import Table


def test_ranks_zero_to_two() -> None:
    assert table_blocks(Table("b", 3)) == [["b = 3"]]
    assert table_blocks(Table("w", [1, 20])) == [["w = [1 20]"]]
    assert table_blocks(Table("x", [[1, 20], [3, 4]])) == [["x = ⎡1 20⎤", "    ⎣3  4⎦"]]
    assert table_blocks(Table("x", [[1], [2], [3]]), ascii=True) == [["    [1]", "x = [2]", "    [3]"]]


def test_higher_ranks_are_labelled_lists_of_matrices() -> None:
    table = Table("w", [[[[1, 2]], [[3, 4]]]])
    assert [label for label, _, _ in slices(table)] == ["w[0, 0]", "w[0, 1]"]
    assert table_blocks(table, [(0, 1, 0, 0)]) == [["w[0, 0] = [1 2]"], ["w[0, 1] = [*3* 4]"]]


def test_a_marked_entry_keeps_its_column() -> None:
    assert matrix_block([[1, 2], [3, 14]], [(1, 1)], ascii=True) == ["[1   2 ]", "[3 *14*]"]
    assert matrix_block(7, [()]) == ["*7*"]


def test_fractions_and_empty_tensors() -> None:
    assert matrix_block([Fraction(1, 4), Fraction(2)]) == ["[1/4 2]"]
    assert matrix_block([]) == ["[]"]
    assert matrix_block([[]]) == ["[]"]


def test_blocks_beside_each_other_break_into_bands() -> None:
    tall, flat = ["1", "2", "3"], ["abcdef"]
    assert beside([tall, flat]) == ["1", "2   abcdef", "3"]
    assert beside([flat, flat], width=10) == ["abcdef", "abcdef"]
    assert beside([]) == []


def test_latex_boxes_the_marked_entry() -> None:
    assert latex_matrix([[1, 2], [3, 4]], [(0, 1)]) == r"\begin{bmatrix} 1 & \boxed{2} \\ 3 & 4 \end{bmatrix}"
    assert latex_matrix(5) == "5"
