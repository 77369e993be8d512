#!/bin/sh
# Runs the user data that the part handler wrote, and notes in the log and in a file that it is done.
script=/var/lib/cloud/data/cfn-userdata
log=/var/log/heat-provision.log
umask 077
chmod 700 "$script"
echo "Provision began: $(date)" >>"$log"
code=0
# Nothing to run is no failure.
if [ -s "$script" ]; then
    "$script" >>"$log" 2>&1
    code=$?
fi
echo "Provision done: $(date)" >>"$log"
if [ "$code" -ne 0 ]; then
    echo "Provision failed with exit code $code" >>"$log"
    exit "$code"
fi
touch /var/lib/cloud/data/provision-finished
