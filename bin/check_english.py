#!/usr/bin/env python3
"""Reject phrases that this code base has outgrown: `bin/check_english.py [FILE…]`.

Without files it reads everything that git tracks. A line that has to break a rule contains
`english: ignore`. CONTRIBUTING.md states the rules; add a phrase here when it returns.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMENTS = {
    ".js": re.compile(r"(?:^|\s)(?://|/?\*+)\s+(.*)"),
    ".ts": re.compile(r"(?:^|\s)(?://|/?\*+)\s+(.*)"),
    ".css": re.compile(r"/\*(.*)"),
    ".html": re.compile(r"(.*)"),
    ".yaml": re.compile(r"(?:^|\s)#\s(.*)"),
    ".yml": re.compile(r"(?:^|\s)#\s(.*)"),
    ".toml": re.compile(r"(?:^|\s)#\s(.*)"),
    ".conf": re.compile(r"(?:^|\s)#\s(.*)"),
    ".sh": re.compile(r"(?:^|\s)#\s(.*)"),
    ".md": re.compile(r"(.*)"),
}
# Video segments end in .ts, and this file lists the phrases.
SKIPPED = re.compile(r"static/demo/|bin/check_english\.py$|tests/unit/test_english\.py$")
IGNORE = "english: ignore"

# The docstring of a function says what it does, so it begins with a verb.
RIDDLE = re.compile(
    "(What|Who|Whom|Whose|How|Whether|Where|When|Why|Whoever|Whatever|Those|These|So many"
    "|Everyone|Everybody|Nobody|Of|The|A|An|Every|Each|All) "
)
ADVICE = "begin with a verb in the imperative: Return …, Record …, Raise …"
# A phrase of a question is fine: `[^?]*$` asks for a line without a question mark behind it.
DOES = "(asks?|attends?|came|comes?|goes|joins?|leaves?|left|posts?|sends?|voted|watche[sd]?|went)"
DONE = "(asked|posted|read|said|sent|stored|told|typed|written)"
IT = "(address|cookie|file|he|it|number|packet|page|row|she|text|that|this|value|which)"
PATTERNS = [
    (re.compile(pattern), advice)
    for pattern, advice in (
        (r"\bfor ever\b", "say 'forever' or until when"),
        (r"\bso many (as|of|percent|seconds)\b", "name the number"),
        (r"\b(after|at most|for|wait|waits|within) so (long|many|much)\b(?! as)", "name the bound"),
        (rf"(^|[.:;] )Who (has|is|was|does|{DOES})\b[^?]*$", "say 'a viewer who …'"),
        (rf"\b(and|of|for|to|by|with|tells?|counts?) who {DOES}\b[^?]*$", "say 'viewers who …'"),
        (rf"\b{IT} is no (?!longer|more|need|other|reason|such|way)[a-z]", "say 'is not a …'"),
        (rf"\bwhat (was|were) {DONE}\b[^?]*$", "name the thing: 'stored messages'"),
        (r"\b(are|is|was|were) said to be\b", "say 'is'"),
        (r"\bwhat (became|becomes|came) of\b", "say 'the result of'"),
        (r"\bas (it|they) shall be\b", "say 'as it should be'"),
        (r"\bwhat there (are|is|was|were)\b[^?]*$", "name the thing"),
        (r"\b(are|is|was|were) (said|told) so\b", "say what is reported"),
    )
]


def main(names: list[str]) -> int:
    """Print the findings in the named files, or in all; return 1 when there are any."""
    paths = [Path(name).resolve() for name in names] or tracked_files()
    findings = [finding for path in paths for finding in check(path)]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def tracked_files() -> list[Path]:
    """Return every file that git tracks."""
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(  # noqa: S603 - a constant
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in done.stdout.split("\0") if name]


def check(path: Path) -> Iterator[str]:
    """Yield a line for each finding in a file."""
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
    if SKIPPED.match(name) or not path.is_file():
        return
    for number, text, is_docstring in prose_of(path):
        if IGNORE in text:
            continue
        if is_docstring and RIDDLE.match(text):
            yield f"{name}:{number}: {text!r}: {ADVICE}"
        for pattern, advice in PATTERNS:
            if pattern.search(text):
                yield f"{name}:{number}: {text!r}: {advice}"


def prose_of(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield line number, text, and whether it begins a function's docstring, for all prose."""
    source = path.read_text() if path.suffix in {".py", *COMMENTS} else ""
    if path.suffix == ".py":
        yield from prose_of_python(source)
        return
    for number, line in enumerate(source.splitlines(), 1):
        if found := COMMENTS[path.suffix].search(line):
            yield number, found[1].strip(), False


def prose_of_python(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the comments and docstrings of Python source, see `prose_of`."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# "), False
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if docstring := ast.get_docstring(node, clean=False):
            begin = node.body[0].lineno
            # The docstring of a test may state its promise.
            is_function = not (
                isinstance(node, (ast.Module, ast.ClassDef)) or node.name.startswith("test_")
            )
            for offset, line in enumerate(docstring.splitlines()):
                yield begin + offset, line.strip(), is_function and offset == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
