#!/usr/bin/env bash
# Start a job script in the background, in a process group of its own, and print its number, as `sbatch` would.
set -euo pipefail
setsid bash "$1" >"$1.log" 2>&1 </dev/null &
echo $!
