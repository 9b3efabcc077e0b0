#!/usr/bin/env bash
# Say of a Job whether it is running, success or failed. A Job that is gone has failed; no answer means ask again.
state=$(kubectl get "$1" --ignore-not-found --output 'jsonpath=Job {.status.succeeded}/{.status.failed}') || state="Job /"
case "$state" in
  "Job 1/"*) echo success ;;
  "Job /") echo running ;;
  *) echo failed ;;
esac
