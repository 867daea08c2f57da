#!/bin/sh
# What the appliance tells of its start: sentences in the kernel's log, facts and all that its tools said below /run.

facts=${OOBM_FACTS:-/run/oobm-appliance}
kernel_log=${OOBM_KERNEL_LOG:-/dev/kmsg}

# The kernel's log is in the journal later, and on the console at once where the command line does not say otherwise.
say() { # SENTENCE [PRIORITY]
  printf '<%s>oobm-appliance: %s\n' "${2:-5}" "$1" >>"$kernel_log"
  printf '%s\n' "$1" >>"$facts/log"
} 2>/dev/null

# What the tools said last: for who has nothing but the serial console.
say_last_words() {
  tail -n 4 "$facts/log" | while read -r line; do printf '<5>oobm-appliance:   %s\n' "$line" >>"$kernel_log"; done
} 2>/dev/null

fact() { # NAME VALUE
  printf '%s\n' "$2" >"$facts/$1"
}

# Runs a tool that may find a broken card: with its words in the log and an end to its patience.
attempt() { # COMMAND [ARGUMENT...]
  echo "+ $*" >>"$facts/log"
  # A large card that is repaired takes minutes.
  timeout 900 "$@" >>"$facts/log" 2>&1
}
