#!/bin/sh
# System generations: folders N in $generations. Each has the differences to the image's system (`root`, an overlay's upper folder) and the
# image that it was made for (`over`). 0 is the image's system itself. Files with one number each say which one starts:
#   confirmed  the generation that has proved itself, and starts; a second number is the one that was confirmed before it
#   trial      the generation that starts next, once
#   tried      a trial that started and has not proved itself
#   starts     how many times in a row a confirmed generation has failed to start
# shellcheck disable=SC2154,SC2034 # report.sh and data.sh assign, prepare uses

: "${generations:=${OOBM_GENERATIONS:-/data/system}}"
image_id_file=${OOBM_IMAGE_ID:-$appliance/image-id}
# After this many failed starts in a row of a confirmed generation, the image's system starts.
starts_max=5

# The image's id from its build; without it, its list of packages.
image_id() {
  cat "$image_id_file" 2>/dev/null || cksum 2>/dev/null <"$image/var/lib/dpkg/status" || echo unknown
}

# Prints the number in a file, 0 if there is none.
number_in() { # NAME
  number=0
  if [ -e "$generations/$1" ]; then read -r number _ <"$generations/$1" || :; fi
  case $number in
    '' | *[!0-9]*) number=0 ;;
  esac
  echo "$number"
}

# After a power cut the file holds the old number or the new one.
write_number() { # NAME NUMBER
  echo "$2" >"$generations/$1.new" &&
    sync "$generations/$1.new" &&
    mv "$generations/$1.new" "$generations/$1" &&
    sync "$generations"
}

# A generation is an overlay over one image: over another image it would be a mixture of both.
is_usable() { # NUMBER
  [ "$1" -eq 0 ] || { [ -d "$generations/$1/root" ] && [ "$(cat "$generations/$1/over" 2>/dev/null)" = "$(image_id)" ]; }
}

# Sets `generation`, the one to start; `trial`, true if it starts on trial; `fallen`, the previous trial if it was not confirmed, else empty.
choose_generation() {
  trial=false fallen=''
  # If nothing is kept, a trial would start again and again.
  if [ "$data" != lost ] && [ -e "$generations/trial" ]; then
    generation=$(number_in trial)
    # Before the trial starts: however it ends, it does not start a second time.
    if mv "$generations/trial" "$generations/tried" && sync "$generations"; then
      if is_usable "$generation"; then
        trial=true
        say "generation $generation starts on trial"
        return
      fi
      fallen=$generation
      say "generation $generation does not exist, or was made for another image"
    fi
  elif [ -e "$generations/tried" ]; then
    fallen=$(number_in tried)
    say "generation $fallen has not proved itself: starting the previous one"
  fi
  choose_confirmed
}

choose_confirmed() {
  generation=$(number_in confirmed)
  [ "$generation" -ne 0 ] || return 0
  if ! is_usable "$generation"; then
    say "generation $generation does not exist, or was made for another image: the image's own system starts"
    generation=0
    return
  fi
  starts=$(number_in starts)
  if [ "$starts" -ge "$starts_max" ]; then
    say "generation $generation failed to start $starts times: the image's own system starts"
    generation=0
  else
    write_number starts $((starts + 1))
  fi
}

# Prints the generation that was confirmed before, 0 for the image's own system.
number_before() {
  before=0
  if [ -e "$generations/confirmed" ]; then read -r _ before <"$generations/confirmed" || :; fi
  echo "${before:-0}"
}

# Prints the complete ones, oldest first.
generation_numbers() {
  for path in "$generations"/*/root; do
    path=${path%/root}
    case ${path##*/} in
      *[!0-9]*) ;;
      *) echo "${path##*/}" ;;
    esac
  done | sort -n
}

# Connectivity on trial, which `oobm-apply` watches (device/import/trial.ts).
has_settings_trial() { [ -e "${OOBM_SETTINGS_TRIAL:-/etc/oobm/secrets/trial.toml}" ]; }
