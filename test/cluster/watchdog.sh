#!/bin/sh
# Ends what a test cluster started, however the test process itself ended.
#
# Its input is a pipe from the test process: "start PID" and "end PID", one a line.
# When the pipe closes (the cluster was stopped, or the process is gone, be it by
# SIGKILL), whatever still runs is killed and the cluster's folder $1 is removed.
trap '' INT TERM HUP

pids=' '
while read -r verb pid; do
  case $verb in
    start) pids="$pids$pid " ;;
    end)
      case $pids in
        *" $pid "*) pids="${pids%% "$pid" *} ${pids#* "$pid" }" ;;
      esac
      ;;
  esac
done

for pid in $pids; do
  kill -KILL "$pid" 2>/dev/null
done

# A killed process may still hold files for an instant: the folder goes last.
tries=0
for pid in $pids; do
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
done
rm -rf -- "$1"
