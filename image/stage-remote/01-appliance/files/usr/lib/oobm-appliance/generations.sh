#!/bin/sh
# System generations: folders N below $generations, each with what differs from the image's system (`root`, an overlay's upper folder)
# and the image that it was made over (`over`). 0 is the image's system itself. Which one starts is in files of one number each:
#   confirmed  has proved itself, and starts; a second number is the one that was confirmed before
#   trial      starts next, once
#   tried      a trial that started and has not proved itself
#   starts     how often a confirmed one began to start, and did not get there
# shellcheck disable=SC2154,SC2034 # report.sh and data.sh assign, prepare uses

: "${generations:=${OOBM_GENERATIONS:-/data/system}}"
image_id_file=${OOBM_IMAGE_ID:-$appliance/image-id}
# A confirmed generation that does not get there so often in a row has lost something: then the image's system starts.
starts_max=5

# What the image's build says; without that, its packages.
image_id() {
  cat "$image_id_file" 2>/dev/null || cksum 2>/dev/null <"$image/var/lib/dpkg/status" || echo unknown
}

# Prints it, 0 where there is none.
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

# A generation lies over the files of one image: over another it would be half of each.
is_usable() { # NUMBER
  [ "$1" -eq 0 ] || { [ -d "$generations/$1/root" ] && [ "$(cat "$generations/$1/over" 2>/dev/null)" = "$(image_id)" ]; }
}

# Sets `generation`, the one to start; `trial`, true where it starts on trial; `fallen`, a trial before that was not confirmed, or empty.
choose_generation() {
  trial=false fallen=''
  # Where nothing is kept, a trial would be one at each start.
  if [ "$data" != lost ] && [ -e "$generations/trial" ]; then
    generation=$(number_in trial)
    # Before anything of it starts: whatever ends a trial, the next start is not its.
    if mv "$generations/trial" "$generations/tried" && sync "$generations"; then
      if is_usable "$generation"; then
        trial=true
        say "generation $generation starts on trial"
        return
      fi
      fallen=$generation
      say "generation $generation is not there, or was made over another image"
    fi
  elif [ -e "$generations/tried" ]; then
    fallen=$(number_in tried)
    say "generation $fallen has not proved itself: back to the one before"
  fi
  choose_confirmed
}

choose_confirmed() {
  generation=$(number_in confirmed)
  [ "$generation" -ne 0 ] || return 0
  if ! is_usable "$generation"; then
    say "generation $generation is not there, or was made over another image: the image's own system starts"
    generation=0
    return
  fi
  starts=$(number_in starts)
  if [ "$starts" -ge "$starts_max" ]; then
    say "generation $generation did not get up $starts times: the image's own system starts"
    generation=0
  else
    write_number starts $((starts + 1))
  fi
}

# The one that was confirmed before, 0 for the image's own system.
number_before() {
  before=0
  if [ -e "$generations/confirmed" ]; then read -r _ before <"$generations/confirmed" || :; fi
  echo "${before:-0}"
}

# The finished ones, oldest first.
generation_numbers() {
  for path in "$generations"/*/root; do
    path=${path%/root}
    case ${path##*/} in
      *[!0-9]*) ;;
      *) echo "${path##*/}" ;;
    esac
  done | sort -n
}
