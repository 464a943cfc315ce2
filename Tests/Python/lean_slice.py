"""A short piece of recorded data: the first rows of a folder of LEAN equity ticks, in the order of the merge,
as a LEAN tree of its own. Real rows, byte for byte."""
import argparse
import heapq
import itertools
import pathlib
import zipfile


def rows(path: pathlib.Path):
    """(milliseconds, quote 0 before trade 1, row, line) of one zip."""
    kind = int(path.stem.endswith("_trade"))
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
        for number, line in enumerate(member):
            yield int(line[:line.index(b",")]), kind, number, line


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=pathlib.Path, help="as lean/equity/usa/tick/ibm; one day of files")
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--from", dest="start", default="09:30", help="New York time")
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    hours, minutes = options.start.split(":")
    start = (int(hours) * 60 + int(minutes)) * 60_000
    files = sorted(options.source.resolve().glob("*.zip"))
    merged = heapq.merge(*(rows(path) for path in files))
    chosen = list(itertools.islice((row for row in merged if row[0] >= start), options.rows))
    folder = options.target.joinpath(*options.source.resolve().parts[-4:])
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        kind = int(path.stem.endswith("_trade"))
        with zipfile.ZipFile(path) as archive:
            member = archive.namelist()[0]
        with zipfile.ZipFile(folder / path.name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, b"".join(row[3] for row in chosen if row[1] == kind))


if __name__ == "__main__":
    main()
