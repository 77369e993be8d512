#!/bin/sh
# Agents that were installed from a package may lack their usual paths.
if command -v cfn-create-aws-symlinks >/dev/null 2>&1; then
    cfn-create-aws-symlinks
fi
exit 0
