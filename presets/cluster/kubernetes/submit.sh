#!/usr/bin/env bash
# submit.sh THREADS MEMORY_MB GPUS JOBSCRIPT: run the job script as a Kubernetes Job, and print the Job's name.
set -euo pipefail
: "${DRASCLR_CLAIM:?the persistent volume claim that holds the repository and the run}"
: "${DRASCLR_MOUNT:?where that volume is mounted, here and in every job}"
: "${DRASCLR_IMAGE:?the container image, with the Python that .venv was made with}"
gpus=$([ "$3" -gt 0 ] && echo ", nvidia.com/gpu: $3" || true)
kubectl create --output name --filename - <<JOB
apiVersion: batch/v1
kind: Job
metadata: {generateName: drasclr-, labels: {app: drasclr}}
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: 86400
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: job
        image: "$DRASCLR_IMAGE"
        command: [bash, "$4"]
        workingDir: "$PWD"
        resources:
          requests: {cpu: $1, memory: ${2}M}
          limits: {cpu: $1, memory: ${2}M$gpus}
        volumeMounts: [{name: shared, mountPath: "$DRASCLR_MOUNT"}]
      volumes: [{name: shared, persistentVolumeClaim: {claimName: "$DRASCLR_CLAIM"}}]
JOB
