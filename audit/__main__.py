"""`make audit`: check every page, or those whose name contains a word: `python -m audit live`.

Print a table, and write the details to instance/audit.json. The exit status is 1 when a bar is
missed: no violation of WCAG 2.2 A and AA, no error in the HTML, and the figures of
`audit.lighthouse.LEAST`.
"""

import sys

from playwright.sync_api import sync_playwright

from audit import lighthouse, markup, report
from audit.pages import PAGES, Page
from audit.scene import staged
from audit.visits import Finding, Visitors, visit
from stack.process import NotReadyError
from stack.tools import MissingToolsError
from tests.support.browser import launch_chromium


def main(words: list[str]) -> int:
    """Audit the pages; return the exit status."""
    pages = [page for page in PAGES if any(word in page.name for word in words or [""])]
    findings = audit(pages)
    print(report.as_text(findings))
    print(f"\nwritten: {report.write(findings)}")
    return 0 if all(map(report.held, findings)) else 1


def audit(pages: list[Page]) -> list[Finding]:
    """Return the findings on the pages, in their order."""
    with staged() as scene, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        visitors = Visitors(browser, scene)
        findings = [visit(visitors, page) for page in pages]
        measured = [finding for finding in findings if finding.page.lighthouse]
        targets = [
            {
                "url": scene.address(finding.page.site, finding.page.address),
                "cookies": visitors.cookies(finding.page),
                "device": finding.page.lighthouse,
            }
            for finding in measured
        ]
        browser.close()
        for finding, errors in zip(
            findings, markup.errors_of([finding.html for finding in findings]), strict=True
        ):
            finding.errors = errors
        for finding, figures in zip(measured, lighthouse.measure(targets), strict=True):
            finding.figures = figures
    return findings


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (NotReadyError, MissingToolsError) as error:
        sys.exit(f"audit: {error}")
