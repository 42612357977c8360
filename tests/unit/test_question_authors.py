"""The table of authors is read in one module; see decision 0012."""

import re

from webapp.infra.settings import ROOT

TABLE = re.compile(r"\bQuestionAuthor\b|\bquestion_authors\b")
READS = re.compile(r"\bread_author\(")
MODULE = "webapp/domain/questions/authors.py"


def modules_with(pattern: re.Pattern[str]) -> set[str]:
    sources = [*ROOT.glob("webapp/**/*.py"), *ROOT.glob("realtime/**/*.py")]
    named = {str(path.relative_to(ROOT)) for path in sources if pattern.search(path.read_text())}
    return {name for name in named if not name.startswith("webapp/domain/models/")}


def test_one_module_reads_the_table_of_authors() -> None:
    assert modules_with(TABLE) == {MODULE}


def test_two_callers_learn_the_author_of_a_question() -> None:
    callers = {"moderation", "revealing"}
    expected = {f"webapp/domain/questions/{name}.py" for name in callers} | {MODULE}
    assert modules_with(READS) == expected
