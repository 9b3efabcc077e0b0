#!/usr/bin/env bash
# Stop jobs that submit.sh started, with all their processes.
for job in "$@"; do
  kill -TERM -- "-$job" 2>/dev/null || true
done
