#!/bin/sh
# How the appliance reports its start: messages in the kernel's log, facts and the output of its tools in /run.

facts=${OOBM_FACTS:-/run/oobm-appliance}
kernel_log=${OOBM_KERNEL_LOG:-/dev/kmsg}

# The kernel's log is on the console at once, unless the command line says `quiet`, and in the journal later.
say() { # SENTENCE [PRIORITY]
  printf '<%s>oobm-appliance: %s\n' "${2:-5}" "$1" >>"$kernel_log"
  printf '%s\n' "$1" >>"$facts/log"
} 2>/dev/null

# Shows the tools' last lines to somebody who has only the serial console.
say_last_words() {
  tail -n 4 "$facts/log" | while read -r line; do printf '<5>oobm-appliance:   %s\n' "$line" >>"$kernel_log"; done
} 2>/dev/null

fact() { # NAME VALUE
  printf '%s\n' "$2" >"$facts/$1"
}

# Runs a tool that may meet a broken card: its output goes to the log, and it has a time limit.
attempt() { # COMMAND [ARGUMENT...]
  echo "+ $*" >>"$facts/log"
  # Repairing a large card takes minutes.
  timeout 900 "$@" >>"$facts/log" 2>&1
}
