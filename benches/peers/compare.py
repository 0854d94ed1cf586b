"""Prints how many times as many replications rollsim does as the other models did in the same sitting."""

import pathlib
import re
import sys

RESULTS = pathlib.Path(sys.argv[1])
# What a case is called here, by NumPy's model and SimPy's, and by rollsim's benchmark.
CASES = [
    ("healthy (0.1 % errors), 50 req/s", "e_50rps_0.1pct", "healthy, 50 req/s"),
    ("3 % errors, 50 req/s", "seed_50rps_3pct", "error-spike, 50 req/s"),
]


def found(file, pattern):
    """The number that a pattern finds in a file of results."""
    match = re.search(pattern, (RESULTS / file).read_text(), re.MULTILINE)
    if match is None:
        sys.exit(f"{file} doesn't tell /{pattern}/")
    return float(match.group(1))


print("Replications per second of one core, and rollsim's as a multiple:")
for title, case, name in CASES:
    ours = found("rollsim.txt", rf"^ +{re.escape(name)} +([0-9.]+)")
    print(f"  {title}: rollsim {ours:,.0f}")
    for peer, rate in [
        ("NumPy, both metrics", found("numpy.txt", rf"^{re.escape(case)} +latency=True .*: +([0-9.]+) reps/s CPU")),
        ("NumPy, success rate only", found("numpy.txt", rf"^{re.escape(case)} +latency=False .*: +([0-9.]+) reps/s CPU")),
        ("SimPy, every request", found("simpy.txt", rf"^simpy [0-9.]+ {re.escape(case)} .*: ([0-9.]+) reps/s CPU")),
    ]:
        print(f"    {peer:<26} {rate:>12,.1f}  {ours / rate:.2f}")
