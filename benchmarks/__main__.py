"""``make bench``: the benchmarks one after another, each in a process of its own."""

import subprocess
import sys

NAMES = ("engine", "model_calls", "extraction", "one_draft", "recovery", "login")

if __name__ == "__main__":
    codes = []
    for name in NAMES:
        print(f"== {name}", flush=True)
        codes.append(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    sys.exit(max(codes))
