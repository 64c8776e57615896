"""Floor 5, printing: one printer a language, documents, matrices, and the only use of Jinja.

text.Text, latex.Latex     languages: what signs and shapes are written with
expression, equation       the shared walk: order, precedence, which piece stands where
outline, layout            a derivation as finished words, and as a page of plain text
document, derivation       text, LaTeX, Markdown and JSON
matrix, claims             counterexamples and judged claims
"""
