#!/usr/bin/env python3
"""Counts the tests of one run and says what failed and what was skipped, and why.

The figures come from the xUnit files of `swift test` and from the verbose lines of unittest. A run whose
files are missing or that ended with an error without a failed test (a crash) counts as a failure: silence
is never success. Exit code 0 only if nothing failed and nothing required was skipped.
"""
import argparse
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

SKIP = re.compile(r"SKIP ([A-Za-z0-9_-]+): (.*)")
UNITTEST = re.compile(r"^(?P<name>.*?) ?\.\.\. (?P<result>ok|FAIL|ERROR|skipped .*|expected failure)$")
# What Swift Testing and XCTest write of a failure. The marks differ between terminals and pipes.
FAILURE = re.compile(r"recorded an issue|: error: | crashed|Fatal error|unexpectedly exited")


class Figures:
    def __init__(self):
        self.passed, self.failures, self.skips = 0, [], []


def read_swift(folder, status, figures):
    """XCTest writes swift.xml, Swift Testing swift-swift-testing.xml; either may be absent."""
    log = folder / "swift.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    counted = failed = 0
    skipped_cases = []
    for path in sorted(folder.glob("swift*.xml")):
        try:
            cases = list(ElementTree.parse(path).getroot().iter("testcase"))
        except ElementTree.ParseError as error:
            figures.failures.append(f"{path.name} is not readable: {error}")
            continue
        for case in cases:
            name = f"{case.get('classname')}.{case.get('name')}"
            counted += 1
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                figures.failures.append(name)
            elif case.find("skipped") is not None:
                element = case.find("skipped")
                skipped_cases.append((name, element.get("message") or element.text or "disabled"))
            else:
                figures.passed += 1
    for line in lines:
        found = SKIP.search(line)
        # Swift Testing's own line of a disabled test is counted below, from the xUnit file. A test that
        # says SKIP and returns is counted by Swift as passed.
        if found and " skipped" not in line[:found.start()]:
            figures.skips.append((found.group(1), found.group(2).strip()))
            figures.passed = max(0, figures.passed - 1)
    for name, reason in skipped_cases:
        found = SKIP.search(reason)
        figures.skips.append((found.group(1), found.group(2).strip()) if found else (name, reason.strip()))
    if counted == 0:
        figures.failures.append("no Swift test ran")
    elif status != 0 and failed == 0:
        figures.failures.append(f"swift test ended with code {status} although no test failed (a crash?)")
    return lines


def read_python(folder, status, figures):
    log = folder / "python.log"
    if not log.exists():
        return []
    lines = log.read_text(errors="replace").splitlines()
    failed = 0
    for line in lines:
        found = UNITTEST.match(line)
        if found:
            result = found.group("result")
            if result in ("ok", "expected failure"):
                figures.passed += 1
            elif result.startswith("skipped"):
                reason = result[len("skipped "):].strip("'\"")
                tagged = SKIP.match(reason)
                figures.skips.append(tagged.groups() if tagged else ("python", reason))
            else:
                failed += 1
                figures.failures.append(found.group("name"))
        elif line.startswith("SKIP "):
            figures.skips.append(SKIP.match(line).groups())
    if status != 0 and failed == 0:
        figures.failures.append(f"the Python tests ended with code {status} although no test failed")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--swift-status", type=int, required=True)
    parser.add_argument("--python-status", type=int, required=True)
    parser.add_argument("--require", default="", help="tags that must not be skipped, with commas")
    arguments = parser.parse_args()
    figures = Figures()
    swift = read_swift(arguments.results, arguments.swift_status, figures)
    python = read_python(arguments.results, arguments.python_status, figures)
    required = {tag.strip() for tag in arguments.require.split(",") if tag.strip()}
    for tag, reason in sorted(set(figures.skips)):
        if tag in required:
            figures.failures.append(f"{tag} is required but was skipped: {reason}")
    report(figures, swift, python, arguments.results)
    sys.exit(1 if figures.failures else 0)


def failure_details(lines):
    """Each failure line with what Swift Testing prints below it, up to the next test's line; at most 200."""
    details, inside = [], False
    for line in lines:
        if FAILURE.search(line):
            inside = True
        elif re.match(r"^\S (Test|Suite) ", line):
            inside = False
        if inside:
            details.append(line[:1000])
    return details[:200]


def report(figures, swift, python, folder):
    if figures.failures:
        details = failure_details(swift)
        print("\n".join(details))
        if any(line.startswith(("FAIL:", "ERROR:")) for line in python):
            start = next(i for i, line in enumerate(python) if line.startswith(("FAIL:", "ERROR:")))
            print("\n".join(python[start:start + 60]))
        if not details:
            print("\n".join(swift[-30:]))
        for failure in figures.failures:
            print(f"FAILED {failure}")
        print(f"The whole output is in {folder}")
    for (tag, reason), times in sorted(collections.Counter(figures.skips).items()):
        print(f"SKIPPED {tag}: {reason}" + (f" ({times} times)" if times > 1 else ""))
    print(f"{figures.passed} passed, {len(figures.failures)} failed, {len(figures.skips)} skipped")


if __name__ == "__main__":
    main()
