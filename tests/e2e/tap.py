"""Runs a file's unittest cases and says how each ended in TAP, so that a harness counts cases.

Only what TAP knows goes to stdout; a failed case's traceback goes to stderr, which meson shows.
"""

import sys
import unittest


class TapResult(unittest.TestResult):
    number = 0

    def startTest(self, case):
        super().startTest(case)
        self.seen = [len(of_a_kind) for of_a_kind in self.kinds()]

    def kinds(self):
        return self.failures, self.errors, self.skipped

    def stopTest(self, case):
        """After all of its sub-tests: one line for the case."""
        super().stopTest(case)
        self.number += 1
        failures, errors, skipped = (kind[seen:] for kind, seen in zip(self.kinds(), self.seen))
        remark = f" # SKIP {skipped[0][1]}" if skipped else ""
        name = case.id().removeprefix("__main__.")
        print("not ok" if failures or errors else "ok", self.number, "-", name + remark, flush=True)
        for part, text in failures + errors:
            print(text if part is case else f"{part}\n{text}", file=sys.stderr, flush=True)


def note(text):
    for line in text.splitlines():
        print("#", line, flush=True)


def main():
    """All cases of the calling file, or those whose name holds the first argument."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    loaded = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    cases = [case for suite in loaded for case in suite if wanted in case.id()]
    print(f"1..{len(cases)}", flush=True)
    result = TapResult()
    for case in cases:
        case.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
