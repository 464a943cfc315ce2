"""Back-up beside a stack that works, and what is made of it elsewhere: the same ledger in the end."""
import os
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

import stack

STRATEGIES = ("--strategy", "sma=sma-crossover:IBM:fast=3,slow=9", "--strategy", "q=quoter:AAPL:half_spread=0.01")
DATA = ("--rate", "500", "--events", "20000")


@unittest.skipUnless(stack.are_built(), stack.NO_EXECUTABLES)
class BackupTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One run, a backup from its middle, and its ledger."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.backup = cls.folder / "backup.tar"
        with stack.Stack(*DATA, "--speed", "10", *STRATEGIES) as up:
            up.start()
            up.wait("some trades", lambda: up.metrics("tracker").get("trades_booked_total", 0) > 200)
            done = stack.robot("backup", "--data-dir", str(up.data), "--output", str(cls.backup))
            assert done.returncode == 0, done.stderr
            up.wait("the end", lambda: up.is_done(2), 120)
            cls.ledger = up.ledger()

    def restore(self, target: pathlib.Path, backup: "pathlib.Path | None" = None, *flags: str):
        return stack.robot("restore", str(backup or self.backup), "--data-dir", str(target), *flags)

    def test_a_restored_stack_goes_on_to_the_same_ledger(self):
        with stack.Stack(*DATA, "--speed", "max", *STRATEGIES) as up:
            done = self.restore(up.data)
            self.assertEqual(done.returncode, 0, done.stderr)
            booked = len(up.ledger())
            self.assertGreater(booked, 0)
            self.assertLess(booked, len(self.ledger))
            up.start()
            up.wait("the end", lambda: up.is_done(2), 120)
            self.assertEqual(up.ledger(), self.ledger)
            verified = stack.robot("verify", "--data-dir", str(up.data))
            self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_what_is_there_is_never_overwritten(self):
        target = self.folder / "twice"
        self.assertEqual(self.restore(target).returncode, 0)
        before = {path: path.read_bytes() for path in target.rglob("*.journal")}
        again = self.restore(target)
        self.assertEqual(again.returncode, 1)
        self.assertIn("holds a journal already", again.stderr)
        (target / "kept").mkdir()
        for name in ("orders", "market-data"):
            (target / name).rename(target / "kept" / name)
        beside = self.restore(target)
        self.assertIn("there is something in", beside.stderr)
        self.assertEqual(list(target.glob("orders/*")), [])
        self.assertEqual(
            before, {target / path.relative_to(target / "kept"): path.read_bytes()
                     for path in (target / "kept").rglob("*.journal")})

    def test_a_backup_that_was_changed_or_cut_restores_nothing(self):
        whole = self.backup.read_bytes()
        with tarfile.open(self.backup) as archive:
            names = archive.getnames()
            journal = next(member for member in archive.getmembers() if member.name.startswith("orders/"))
        self.assertEqual(names[-1], "manifest.json")
        changed = bytearray(whole)
        changed[journal.offset_data + journal.size // 2] ^= 1
        for number, (content, sentence) in enumerate([
            (bytes(changed), "is not what was backed up"), (whole[:len(whole) // 2], "ends too early"),
            (whole[512:], "is no backup"), (b"", "ends too early"),
        ]):
            path, target = self.folder / f"bad{number}.tar", self.folder / f"bad{number}"
            path.write_bytes(content)
            done = self.restore(target, path)
            self.assertEqual(done.returncode, 1, sentence)
            self.assertIn(sentence, done.stderr)
            self.assertEqual([path for path in target.rglob("*") if path.is_file()], [])

    @unittest.skipUnless(os.environ.get("TEST_DATABASE_URL"), "SKIP postgresql: TEST_DATABASE_URL names no server")
    def test_a_backup_of_sqlite_is_restored_into_postgresql_and_back(self):
        url = os.environ["TEST_DATABASE_URL"]
        schema = f"backup_{os.getpid()}"
        location = f"{url}?options=-csearch_path%3D{schema}"
        psql = ["psql", url, "-q", "-c"]
        subprocess.run([*psql, f"CREATE SCHEMA {schema}"], check=True)
        self.addCleanup(subprocess.run, [*psql, f"DROP SCHEMA {schema} CASCADE"], capture_output=True)
        target = self.folder / "server"
        done = self.restore(target, None, "--database-url", location)
        self.assertEqual(done.returncode, 0, done.stderr)
        ledger = stack.robot("ledger", "--database-url", location).stdout
        again, back = self.folder / "again.tar", self.folder / "back"
        done = stack.robot("backup", "--data-dir", str(target), "--database-url", location, "--output", str(again))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.restore(back, again).returncode, 0)
        self.assertEqual(stack.robot("ledger", "--data-dir", str(back)).stdout, ledger)
        self.assertEqual(self.rows(again), self.rows(self.backup))

    def rows(self, path: pathlib.Path) -> "list[bytes]":
        """Every row of a backup's database, but those that say who holds a strategy."""
        with tarfile.open(path) as archive:
            parts = [archive.extractfile(name).read() for name in archive.getnames() if name.startswith("database/")]
        lines = b"".join(parts).splitlines()
        heading, rows = b"", []
        for line in lines:
            heading = line if line.startswith(b"=") else heading
            if not heading.startswith((b"= strategies", b"= runners")):
                rows.append(line)
        return sorted(rows)


if __name__ == "__main__":
    unittest.main()
